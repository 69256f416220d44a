"""A warehouse on moto, and a data set of trades whose columns a test may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake.dataset import DataSet, load_data_set
from lake.tables import Warehouse
from moto import mock_aws

BUCKET, DATABASE = "curated", "lake_test"

type Declare = Callable[..., DataSet]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Makes a data set of the given columns (type by name, a `?` for nullable)."""

    def make(
        columns: dict[str, str] | None = None,
        *,
        keys: str = "[]",
        partitions: str = "[day]",
        target: str = "{}",
        description: str = "Trades of a day",
    ) -> DataSet:
        columns = columns or {"day": "date", "paper": "string", "price": "decimal(9,2)?"}
        widths = {
            "date": 8,
            "int": 4,
            "bigint": 12,
            "string": 4,
            "decimal(9,2)": 9,
            "decimal(7,2)": 7,
        }
        lines, position = [], 1
        for name, text in columns.items():
            kind = text.removesuffix("?")
            width = widths.get(kind, 13)
            lines.append(
                f'  - {{name: {name}, type: "{kind}", position: {position}, width: {width}, '
                f"nullable: {str(text.endswith('?')).lower()}, description: The {name}}}"
            )
            position += width
        path = tmp_path / "datasets" / "market" / "trades.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "\n".join(
                [
                    f"description: {description}",
                    "owner: tests",
                    "schedule: null",
                    f"layout: {{format: fixed_width, record_length: {position - 1}}}",
                    f"keys: {keys}",
                    f"partitions: {partitions}",
                    f"target: {target}",
                    "columns:",
                    *lines,
                ]
            )
        )
        return load_data_set(path)

    return make


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        yield Warehouse.connect(bucket=BUCKET, database=DATABASE)


FORMATS = {
    "iceberg": "{format: iceberg}",
    "parquet": "{format: parquet}",
    "projected": '{format: parquet, projection: {day: {range: ["2024-01-01", NOW]}}}',
}
"""The `target` of a data set by the kind of its table."""


@pytest.fixture
def versioned(warehouse: Warehouse) -> Warehouse:
    """A warehouse whose Glue compares the VersionId of an update, which moto's does not."""
    glue = warehouse.glue

    def compare(params: dict[str, Any], **_: Any) -> None:
        name = params["TableInput"]["Name"]
        now = glue.get_table(DatabaseName=DATABASE, Name=name)["Table"]["VersionId"]
        if params["VersionId"] != now:
            said: Any = {"Error": {"Code": "ConcurrentModificationException", "Message": "stale"}}
            raise glue.exceptions.ConcurrentModificationException(said, "UpdateTable")

    glue.meta.events.register("provide-client-params.glue.UpdateTable", compare)
    return warehouse
