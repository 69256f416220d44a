"""The checks of a data set run over what its load changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lake.dataset import load_data_set
from lake.pipeline.lake import Lake
from lake.pipeline.store import Store
from lake.quality.load import check_load, check_table
from lake.tables import Warehouse
from lake.targets.athena import AthenaTarget

from tests.unit.lake.pipeline.conftest import TRADES, Pipeline

CHECKS = """
checks:
  ranges: [{column: price, at_most: 20}]
  row_counts: [{name: of the table, at_least: 3, over: table}]
  source: {}
  schema_drift: {severity: fail}
"""


@pytest.fixture
def pipeline(
    target: AthenaTarget, clients: tuple[Any, Any], tmp_path: Path, moto_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:  # fmt: skip
    """The stages of a load, in front of the engine."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_endpoint, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3, glue = clients
    s3.create_bucket(Bucket="landing")
    s3.put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": "Enabled"})
    file = tmp_path / "market" / "trades.yaml"
    file.parent.mkdir()
    file.write_text(TRADES + CHECKS)
    return Pipeline(
        Lake(
            data_set=load_data_set(file),
            store=Store(landing_bucket="landing", curated_bucket="data", s3=s3),
            warehouse=Warehouse(bucket="data", database="lake", s3=s3, glue=glue),
            athena=target.athena,
        )
    )


def test_a_load_is_checked_where_it_changed_the_table(
    pipeline: Pipeline, target: AthenaTarget
) -> None:
    lake = pipeline.lake
    files = {"a": "20240102AAAA01050\n20240102BBBB00099\n", "b": "20240103AAAA99900\n"}
    for name, text in files.items():
        lake.store.s3.put_object(Bucket="landing", Key=f"market/trades/{name}", Body=text.encode())
    plan = pipeline.plan("run-1")
    pipeline.convert(plan)
    pipeline.finish(plan)

    for _ in range(2):  # a task that is tried again finds the same
        report = check_load(lake=lake, plan=plan, target=target)
        assert [(each.check, each.day, each.status) for each in report.results] == [
            ("of the table", None, "ok"),
            ("range(price)", date(2024, 1, 2), "ok"),
            ("range(price)", date(2024, 1, 3), "fail"),
            ("source", None, "ok"),
            ("schema_drift", None, "ok"),
        ]
        assert report.summary == (
            "market_trades: 1 check failed\n"
            "range(price) of 2024-01-03: 1 of 1 rows (100.00%) fail it"
        )

    idle = pipeline.plan("run-2")
    pipeline.convert(idle)
    pipeline.finish(idle)
    assert check_load(lake=lake, plan=idle, target=target).failed == ()
    between = check_table(lake=lake, run_id="run-3", target=target)
    assert [each.check for each in between.results] == ["of the table", "schema_drift"]
    assert [each.check for each in between.open] == ["range(price)"]
