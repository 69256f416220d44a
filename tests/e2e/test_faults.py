"""`kill -9` in the middle of a run: in the end the table is complete, and nothing is twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.samples.cotahist import write_quotes
from tests.deployed_lake import wait_for

from .conftest import Lab

pytestmark = pytest.mark.e2e

ROWS = 20_000
FILES = 4
MINUTES = 5


def component(lab: Lab, name: str) -> int:
    """The pid of a component whose name ends so, as `lake status` says it."""
    listed = json.loads(lab.lake("status", "--json").stdout)["components"]
    (pid,) = [c["pid"] for c in listed if c["name"].endswith(name)]
    return int(pid)


def running_tasks(lab: Lab) -> list[dict[str, Any]]:
    found = lab.airflow(
        "GET", "/dags/market_quotes/dagRuns/~/taskInstances", QueryParameters={"state": "running"}
    )
    return [task for task in found["task_instances"] if task["task_id"] == "convert"]


def kill_scheduler(lab: Lab) -> None:
    os.kill(component(lab, "scheduler"), signal.SIGKILL)


def kill_task(lab: Lab) -> None:
    pid = wait_for(
        lambda: next((t["pid"] for t in running_tasks(lab) if t["pid"]), None),
        timeout_seconds=60,
        what="a running conversion with a pid",
    )
    os.kill(int(pid), signal.SIGKILL)


def kill_embedded_aws(lab: Lab) -> None:
    os.kill(component(lab, "aws"), signal.SIGKILL)


@pytest.mark.parametrize(
    ("kill", "first_day"),
    [
        (kill_scheduler, date(2022, 1, 3)),
        (kill_task, date(2022, 2, 7)),
        (kill_embedded_aws, date(2022, 3, 7)),
    ],
)
def test_a_kill_in_the_middle_of_a_run_loses_nothing_and_doubles_nothing(
    lab: Lab, tmp_path: Path, kill: Callable[[Lab], None], first_day: date
) -> None:
    days = [first_day + timedelta(days=n) for n in range(FILES)]
    truths = {
        day: write_quotes(
            tmp_path / f"COTAHIST_D{day:%d%m%Y}.TXT",
            trading_day=day,
            rows=ROWS,
            malformed=3,
            seed=day.toordinal(),
        )
        for day in days
    }
    put = subprocess_put(lab, sorted(tmp_path.iterdir()))
    wait_for(lambda: running_tasks(lab), timeout_seconds=120, what="a running conversion")

    started = time.monotonic()
    kill(lab)

    output, _ = put.communicate(timeout=MINUTES * 60)
    assert put.returncode == 0, output
    print(f"{kill.__name__}: complete {time.monotonic() - started:.1f} s after the kill")
    found = lab.rows(
        "SELECT data, count(*), sum(voltot) FROM market_quotes "
        f"WHERE data BETWEEN DATE '{days[0]}' AND DATE '{days[-1]}' GROUP BY data ORDER BY data"
    )
    assert found == [(day, truth.rows, truth.total_voltot) for day, truth in truths.items()]
    assert lab.landed() == []


def subprocess_put(lab: Lab, files: list[Path]) -> subprocess.Popen[str]:
    """`lake put --wait` in the background: it must live through the kill as well."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW"))}
    return subprocess.Popen(
        [
            sys.executable, "-m", "infra.cli", "put", *map(str, files),
            "--dataset", "market/quotes", "--wait", "--timeout-seconds", str(MINUTES * 60),
        ],
        cwd=lab.root,
        env={**clean, **lab.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
