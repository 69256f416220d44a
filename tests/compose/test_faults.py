"""Parts that die or are away in the middle of a run: the table is complete, nothing is twice."""

from __future__ import annotations

import time
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from .conftest import Stack
from .load import Load

pytestmark = pytest.mark.compose

AWAY_SECONDS = 15
COMPLETE_WITHIN_SECONDS = 420
HANDED_OVER_WITHIN_SECONDS = 120
PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")


def test_a_queue_and_then_a_database_that_are_away_lose_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    load = Load.start(stack, tmp_path, first_day=date(2022, 2, 7))

    for service in ("redis", "postgres"):
        load.wait_until_handed_over(timeout_seconds=HANDED_OVER_WITHIN_SECONDS)
        stack.compose("stop", service)
        time.sleep(AWAY_SECONDS)
        stack.compose("start", service)

    load.wait_until_complete(timeout_seconds=COMPLETE_WITHIN_SECONDS)


def test_parts_of_airflow_that_crash_come_back_and_lose_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    load = Load.start(stack, tmp_path, first_day=date(2022, 3, 7))
    starts = {part: stack.state(part)["RestartCount"] for part in PARTS}

    for part in PARTS:
        stack.crash(part)

    load.wait_until_complete(timeout_seconds=COMPLETE_WITHIN_SECONDS)
    for part in PARTS:
        stack.wait_for(
            partial(stack.is_healthy, part),
            timeout_seconds=120,
            what=f"a healthy {part}",
            service=part,
        )
        assert stack.state(part)["RestartCount"] == starts[part] + 1
