"""Small files of quotes landed, loaded by a DAG, and what that took."""

from __future__ import annotations

import datetime
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.bench.airflow.checkout import Checkout, deployed_checkout
from infra.bench.airflow.processes import cpu_seconds
from infra.bench.measure import CommandFailed
from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.query import query
from infra.cli.runs import ENDED, Runs
from infra.local.mwaa.layout import Layout
from infra.samples.cotahist import write_quotes

_ROWS_A_FILE = 39
"""With header and trailer, 10 kB."""
_DAY = datetime.date(2024, 1, 2)
_UPLOADS = 16
_POLL_SECONDS = 2
_CALLS = 5
"""Of Airflow's API, each of which can be repeated, until one does not fail."""
_PARSE_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Load:
    """A run of a DAG that loaded files."""

    dag_id: str
    files: int
    size_bytes: int
    """Of all files."""
    seconds: float
    """From the run's start to its end, as Airflow has it."""
    tasks: int
    """Task instances, mapped ones each."""
    cpu: Mapping[str, float]
    """CPU seconds of the embedded AWS and of each component of Airflow."""
    xcom_bytes: int
    """Of all values that its tasks left in the metadata database."""


def measure_loads(
    *, files: int, files_of_tasks: int, timeout_seconds: float, say: Callable[[str], None]
) -> tuple[Load, Load]:
    """Load `files` files by the lake's DAG, then `files_of_tasks` by a task a file.

    Raises:
        CommandFailed: the lake could not be deployed, or a run failed or took too long.
    """
    with TemporaryDirectory(prefix="lake-bench-") as temporary:
        say("deploying a copy of this checkout")
        with deployed_checkout(Path(temporary) / "checkout") as checkout:
            environment = DeployedEnvironment.read("dev", checkout.settings)
            wait = partial(_load, checkout, environment, timeout_seconds=timeout_seconds, say=say)
            lakes = wait("market_quotes", "market/quotes/", files=files)
            _require_rows(environment, checkout, files * _ROWS_A_FILE)
            return lakes, wait("one_task_a_file", "one_task_a_file/", files=files_of_tasks)


def _require_rows(environment: DeployedEnvironment, checkout: Checkout, expected: int) -> None:
    """Ask Athena whether every quote is in the table, since figures mean nothing otherwise."""
    sql = "SELECT count(*) FROM market_quotes"
    [[counted]] = query(sql, environment=environment, settings=checkout.settings).rows
    if int(counted) != expected:
        raise CommandFailed(f"{counted} rows were loaded of {expected}")


def small_files(count: int) -> Iterator[bytes]:
    """Files of quotes with header and trailer; no two have a quote in common."""
    with TemporaryDirectory(prefix="lake-bench-") as temporary:
        path = Path(temporary) / "all.TXT"
        write_quotes(path, trading_day=_DAY, rows=count * _ROWS_A_FILE)
        with path.open("rb") as file:
            header = file.readline()
            for _ in range(count):
                quotes = b"".join(file.readline() for _ in range(_ROWS_A_FILE))
                trailer = header.replace(b"00", b"99", 1).rstrip(b"\r\n")
                counted = trailer[:31] + f"{_ROWS_A_FILE + 2:011}".encode() + trailer[42:]
                yield header + quotes + counted + b"\r\n"


def _load(
    checkout: Checkout,
    environment: DeployedEnvironment,
    dag_id: str,
    prefix: str,
    *,
    files: int,
    timeout_seconds: float,
    say: Callable[[str], None],
) -> Load:
    """Land the files, run the DAG once, and look at what it took."""
    settings = checkout.settings
    call = partial(_call, environment, checkout)
    runs = Runs(environment=environment, settings=settings, dag_id=dag_id)
    runs.wait_until_parsed(timeout_seconds=_PARSE_TIMEOUT_SECONDS)
    for dag in call("GET", "/dags", query={"limit": 100})["dags"]:
        call("PATCH", f"/dags/{dag['dag_id']}", {"is_paused": True})
    for run in call("GET", f"/dags/{dag_id}/dagRuns", query={"limit": 100})["dag_runs"]:
        if run["state"] not in ENDED:  # it waits for files, and would take these
            call("PATCH", f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}", {"state": "failed"})
    say(f"landing {files:,} files for {dag_id}")
    size_bytes = _land(environment, checkout, prefix, files)
    before = cpu_seconds(settings)
    call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    triggered = call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"]
    say(f"waiting for {dag_id}, {triggered}")
    run = _ended_run(call, dag_id, triggered, timeout_seconds=timeout_seconds)
    after = cpu_seconds(settings)
    call("PATCH", f"/dags/{dag_id}", {"is_paused": True})
    tasks, xcom_bytes = _in_database(checkout, environment, dag_id, run["dag_run_id"])
    return Load(
        dag_id=dag_id,
        files=files,
        size_bytes=size_bytes,
        seconds=_seconds(run),
        tasks=tasks,
        cpu={name: seconds - before.get(name, 0) for name, seconds in after.items()},
        xcom_bytes=xcom_bytes,
    )


def _land(environment: DeployedEnvironment, checkout: Checkout, prefix: str, count: int) -> int:
    s3 = client("s3", checkout.settings)

    def put(numbered: tuple[int, bytes]) -> int:
        number, body = numbered
        key = f"{prefix}{number:06}.TXT"
        s3.put_object(Bucket=environment.landing_bucket, Key=key, Body=body)
        return len(body)

    with ThreadPoolExecutor(_UPLOADS) as threads:
        return sum(threads.map(put, enumerate(small_files(count))))


def _ended_run(
    call: Callable[..., Any], dag_id: str, run_id: str, *, timeout_seconds: float
) -> dict[str, Any]:
    """The run, once it has ended."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        run: dict[str, Any] = call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        if run["state"] == "failed":
            raise CommandFailed(f"the run {run_id} of {dag_id} failed")
        if run["state"] in ENDED:
            return run
        time.sleep(_POLL_SECONDS)
    raise CommandFailed(f"{dag_id} did not end within {timeout_seconds:.0f} s")


def _seconds(run: Mapping[str, Any]) -> float:
    started, ended = (
        datetime.datetime.fromisoformat(run[name]) for name in ("start_date", "end_date")
    )
    return (ended - started).total_seconds()


def _call(
    environment: DeployedEnvironment,
    checkout: Checkout,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    query: dict[str, Any] | None = None,
) -> Any:
    arguments: dict[str, Any] = {"Name": environment.name, "Method": method, "Path": path}
    if body is not None:
        arguments["Body"] = body
    if query is not None:
        arguments["QueryParameters"] = query
    mwaa = client("mwaa", checkout.settings)
    for _ in range(_CALLS - 1):
        try:
            return mwaa.invoke_rest_api(**arguments)["RestApiResponse"]
        except mwaa.exceptions.RestApiServerException:  # SQLite is locked while others write
            time.sleep(_POLL_SECONDS)
    return mwaa.invoke_rest_api(**arguments)["RestApiResponse"]


def _in_database(
    checkout: Checkout, environment: DeployedEnvironment, dag_id: str, run_id: str
) -> tuple[int, int]:
    """Task instances of a run, and the bytes of their XComs."""
    layout = Layout(checkout.settings.home / "environments" / environment.name)
    with sqlite3.connect(f"file:{layout.sqlite}?mode=ro", uri=True) as database:
        [[tasks]] = database.execute(
            "SELECT count(*) FROM task_instance WHERE dag_id = ? AND run_id = ?", (dag_id, run_id)
        )
        [[size]] = database.execute(
            "SELECT coalesce(sum(length(CAST(value AS BLOB))), 0) FROM xcom "
            "WHERE dag_id = ? AND run_id = ?",
            (dag_id, run_id),
        )
    return tasks, size
