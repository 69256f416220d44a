"""More workers, and one that is killed."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import Stack, run
from .load import Load

pytestmark = pytest.mark.compose

WORKERS = 3
COMPLETE_WITHIN_SECONDS = 420


@pytest.fixture(scope="module")
def load(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Load:
    """A run on three workers, whose conversions have just begun."""
    scale = ("--detach", "--wait", "--no-build", "--no-recreate", "--scale", f"worker={WORKERS}")
    stack.compose("up", *scale, "worker")
    assert len(stack.containers("worker")) == WORKERS
    return Load.start(stack, tmp_path_factory.mktemp("files"), first_day=date(2022, 1, 3))


def test_a_worker_killed_in_the_middle_of_a_conversion_loses_and_doubles_nothing(
    stack: Stack, load: Load
) -> None:
    running = [each for each in load.conversions() if each["state"] == "running"]
    killed = max(running, key=lambda each: str(each["start_date"]))
    run("docker", "kill", "--signal", "KILL", killed["hostname"])

    load.wait_until_complete(timeout_seconds=COMPLETE_WITHIN_SECONDS)

    (again,) = [e for e in load.conversions() if e["map_index"] == killed["map_index"]]
    assert again["try_number"] == killed["try_number"] + 1
    assert again["hostname"] in stack.containers("worker") - {killed["hostname"]}


def test_several_workers_shared_the_conversions(load: Load) -> None:
    # Which of them is the first to ask for the next message is the queue's affair.
    assert len({each["hostname"] for each in load.conversions()}) > 1
