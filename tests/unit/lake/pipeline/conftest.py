"""A lake in miniature: two buckets and a Glue database on moto, and a data set of three columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.dataset import DataSet, load_data_set
from lake.pipeline.catalog import Catalog
from lake.pipeline.store import Store
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRADES = """
description: Trades of a day
owner: tests
schedule: null
layout: {format: fixed_width, record_length: 17}
columns:
  - {name: day, type: date, position: 1, width: 8, description: Day of the trade}
  - {name: paper, type: string, position: 9, width: 4, description: Paper}
  - {name: price, type: "decimal(5,2)", position: 13, width: 5, description: Price}
keys: [day, paper]
partitions: [day]
max_bad_ratio: 0.4
run: {max_mapped_tasks: 3}
"""
GOOD = "20240102AAAA01050\n20240102BBBB00099\n"
OTHER_DAY = "20240103AAAA01100\n"
GARBAGE = "this is not a file of trades\n" * 3


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    path = tmp_path / "datasets" / "market" / "trades.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TRADES)
    return load_data_set(path)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("landing", "curated"):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        boto3.client("glue").create_database(DatabaseInput={"Name": "lake_test"})
        yield client


@pytest.fixture
def store(s3: S3Client) -> Store:  # noqa: ARG001  # the buckets must be there
    return Store(landing_bucket="landing", curated_bucket="curated")


class ParquetCatalog(Catalog):
    """Glue on moto; Athena's two questions answered from the objects that the table points at."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        rows = table_rows(self.database)
        if '"$path"' in sql:
            paths = [row["$path"] for row in rows]
            return [{"path": path, "n": paths.count(path)} for path in set(paths)]
        keys = [(row["day"], row["paper"]) for row in rows]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        return [{"day": day, "paper": paper, "n": keys.count((day, paper))} for day, paper in twice]


@pytest.fixture
def catalog(s3: S3Client) -> Catalog:  # noqa: ARG001  # the database must be there
    return ParquetCatalog(database="lake_test", workgroup="primary")


def table_rows(database: str = "lake_test", table: str = "market_trades") -> list[dict[str, Any]]:
    """What a reader of the table sees: the rows under its registered partitions, with `$path`."""
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    rows: list[dict[str, Any]] = []
    for partition in glue.get_partitions(DatabaseName=database, TableName=table)["Partitions"]:
        bucket, _, prefix = (
            partition["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
        )
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for row in pq.read_table(pa.BufferReader(body)).to_pylist():
                path = f"s3://{bucket}/{item['Key']}"
                rows.append({"day": partition["Values"][0], **row, "$path": path})
    return sorted(rows, key=lambda row: (row["day"], row["paper"]))


@pytest.fixture
def land(s3: S3Client) -> Callable[[str, str], str]:
    def put(name: str, text: str) -> str:
        key = f"market/trades/{name}"
        s3.put_object(Bucket="landing", Key=key, Body=text.encode())
        return key

    return put
