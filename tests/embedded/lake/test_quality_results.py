"""Results that several runs write at once: none is lost. Glue has to compare versions for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from lake.pipeline.athena import Athena
from lake.quality.documents import CheckResult
from lake.quality.results import Results
from lake.targets.athena import AthenaTarget

from tests.embedded.running import RunningEmulator

pytestmark = pytest.mark.embedded

NOW = datetime(2024, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def target(emulator: RunningEmulator) -> AthenaTarget:
    s3, glue, athena = (emulator.client(name) for name in ("s3", "glue", "athena"))
    s3.create_bucket(Bucket="quality")
    glue.create_database(DatabaseInput={"Name": "quality"})
    athena.create_work_group(
        Name="quality",
        Configuration={"ResultConfiguration": {"OutputLocation": "s3://quality/out/"}},
    )
    return AthenaTarget(
        athena=Athena(database="quality", workgroup="quality", client=athena),
        glue=glue,
        bucket="quality",
    )


def test_runs_that_write_at_once_all_write(target: AthenaTarget) -> None:
    def write(table: str, run_id: str) -> None:
        result = CheckResult(check="rows", kind="row_counts", severity="fail", status="ok")
        results = Results(target, table)
        results.write([result], run_id=run_id, checked_at=NOW)

    write("a", "again")
    runs = [("a", "again"), ("a", "run-1"), ("b", "run-1"), ("b", "run-2")]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda run: write(*run), runs))

    found = target.query("SELECT table_name, run_id FROM quality_results ORDER BY 1, 2")
    assert [(row["table_name"], row["run_id"]) for row in found] == runs
