"""A deployed environment over time: updated, taken down, started again, reset."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.samples.cotahist import write_quotes

from .conftest import Stack

pytestmark = pytest.mark.compose

SETTLED_WITHIN_SECONDS = 300
ROWS = 300
TABLE = "SELECT count(*), sum(voltot) FROM market_quotes"


def described(stack: Stack) -> dict[str, Any]:
    return dict(stack.client("mwaa").get_environment(Name="lake-dev")["Environment"])


def settled(stack: Stack) -> dict[str, Any]:
    """The environment, as soon as no operation runs."""
    return dict(
        stack.wait_for(
            lambda: (now := described(stack))["Status"] == "AVAILABLE" and now,
            timeout_seconds=SETTLED_WITHIN_SECONDS,
            what="an environment that is AVAILABLE",
            service="mwaa",
        )
    )


def upload(stack: Stack, key: str, body: bytes) -> str:
    """Put an object into the Airflow bucket; its version."""
    bucket = described(stack)["SourceBucketArn"].rpartition(":")[2]
    version = stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return str(version)


def run_ids(stack: Stack) -> set[str]:
    """The runs of all DAGs that have succeeded."""
    query = {"state": "success", "limit": 100}
    runs = stack.airflow("GET", "/dags/~/dagRuns", QueryParameters=query)["dag_runs"]
    return {run["dag_run_id"] for run in runs}


def test_an_update_is_finished_by_a_service_that_was_killed_in_the_middle_of_it(
    stack: Stack,
) -> None:
    package, before = stack.settings.home / "compose" / "package", described(stack)
    wanted = {
        name: upload(stack, before[f"{path}S3Path"], (package / file).read_bytes())
        for name, path, file in (
            ("PluginsS3ObjectVersion", "Plugins", "plugins.zip"),
            ("RequirementsS3ObjectVersion", "Requirements", "requirements.txt"),
        )
    }
    paths = {name: before[name] for name in ("PluginsS3Path", "RequirementsS3Path")}

    stack.client("mwaa").update_environment(Name="lake-dev", **paths, **wanted)
    assert described(stack)["Status"] == "UPDATING"
    stack.crash("mwaa")

    after = settled(stack)
    assert {name: after[name] for name in wanted} == wanted
    assert after["LastUpdate"]["Status"] == "SUCCESS"


def test_down_and_up_keep_history_tables_and_environment_and_run_the_bucket_s_bundle(
    stack: Stack, tmp_path: Path
) -> None:
    runs, table, created = run_ids(stack), stack.rows(TABLE), described(stack)["CreatedAt"]

    stack.lake("compose", "down")
    print(stack.lake("compose", "up", "--no-build", LAKE_BUNDLE="bucket"))

    assert described(stack)["CreatedAt"] == created
    assert stack.rows(TABLE) == table
    assert run_ids(stack) >= runs
    folder = stack.lake("compose", "airflow", "config", "get-value", "core", "dags_folder")
    assert folder.split()[-1] == "/usr/local/airflow/environment/dags"
    path = tmp_path / "COTAHIST_D03012023.TXT"
    truth = write_quotes(path, trading_day=date(2023, 1, 3), rows=ROWS, malformed=0, seed=1)
    stack.lake("put", str(path), "--dataset", "market/quotes", "--wait")
    assert stack.rows(f"{TABLE} WHERE data = DATE '2023-01-03'") == [(ROWS, truth.total_voltot)]


def test_an_update_whose_startup_script_fails_is_refused_and_the_old_one_runs(
    stack: Stack,
) -> None:
    before = described(stack)
    broken = upload(stack, before["StartupScriptS3Path"], b"echo no licence; exit 9\n")

    stack.client("mwaa").update_environment(
        Name="lake-dev",
        StartupScriptS3Path=before["StartupScriptS3Path"],
        StartupScriptS3ObjectVersion=broken,
    )

    after = settled(stack)
    assert after["LastUpdate"]["Status"] == "FAILED"
    reason = after["LastUpdate"]["Error"]["ErrorMessage"]
    assert "exit code 9" in reason
    assert "no licence" in reason
    script = "StartupScriptS3ObjectVersion"
    assert after[script] == before[script]
    stack.wait_for(
        lambda: stack.airflow("GET", "/version"),
        timeout_seconds=60,
        what="an answer of Airflow",
        service="api-server",
    )


def test_a_reset_forgets_the_history_and_keeps_the_tables(stack: Stack) -> None:
    runs, table = run_ids(stack), stack.rows(TABLE)
    assert runs

    stack.lake("db", "reset", "--yes")

    left = stack.wait_for(
        lambda: [run_ids(stack)],
        timeout_seconds=60,
        what="an answer of Airflow",
        service="api-server",
    )
    assert not left[0] & runs
    assert stack.rows(TABLE) == table
