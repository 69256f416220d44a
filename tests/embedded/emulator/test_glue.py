"""Glue: versions of tables, partitions by the thousand, who may change them, and what survives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator

pytestmark = pytest.mark.embedded

DESCRIPTOR: dict[str, Any] = {
    "Columns": [{"Name": f"c{number}", "Type": "string"} for number in range(20)],
    "SerdeInfo": {"SerializationLibrary": "parquet", "Parameters": {"serialization.format": "1"}},
}


@pytest.fixture
def glue(emulator: RunningEmulator) -> Iterator[Any]:
    client = emulator.client("glue", max_pool_connections=16)
    client.create_database(DatabaseInput={"Name": "lake"})
    yield client
    client.delete_database(Name="lake")


def code(attempt: Callable[[], Any]) -> str:
    """The error with which Glue refuses, or nothing."""
    try:
        attempt()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def iceberg(location: str) -> dict[str, Any]:
    return {
        "Name": "ice",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"table_type": "ICEBERG", "metadata_location": location},
        "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "bigint"}], "Location": "s3://x/"},
    }


def partition(value: int, place: str = "p") -> dict[str, Any]:
    return {
        "Values": [f"{value:05}"],
        "StorageDescriptor": {**DESCRIPTOR, "Location": f"s3://x/{place}/{value}/"},
        "Parameters": {"rows": str(value)},
    }


def partitioned(glue: Any, count: int) -> None:
    table = {"Name": "t", "PartitionKeys": [{"Name": "n", "Type": "string"}]}
    glue.create_table(DatabaseName="lake", TableInput={**table, "StorageDescriptor": DESCRIPTOR})
    for some in batched(range(count), 100):
        answer = glue.batch_create_partition(
            DatabaseName="lake", TableName="t", PartitionInputList=[partition(n) for n in some]
        )
        assert answer["Errors"] == []


def partitions(glue: Any, **arguments: Any) -> list[dict[str, Any]]:
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName="lake", TableName="t", **arguments
    )
    return [each for page in pages for each in page["Partitions"]]


# Tables


def test_an_update_with_an_older_version_is_refused(glue: Any) -> None:
    glue.create_table(DatabaseName="lake", TableInput=iceberg("s3://x/0"))
    seen = glue.get_table(DatabaseName="lake", Name="ice")["Table"]["VersionId"]
    named = {"DatabaseName": "lake", "VersionId": seen, "SkipArchive": True}
    glue.update_table(**named, TableInput=iceberg("s3://x/1"))
    late = code(lambda: glue.update_table(**named, TableInput=iceberg("s3://x/2")))
    assert late == "ConcurrentModificationException"
    table = glue.get_table(DatabaseName="lake", Name="ice")["Table"]
    assert table["Parameters"]["metadata_location"] == "s3://x/1"
    assert table["VersionId"] != seen


def test_one_of_many_updates_at_once_wins(glue: Any) -> None:
    glue.create_table(DatabaseName="lake", TableInput=iceberg("s3://x/0"))
    seen = glue.get_table(DatabaseName="lake", Name="ice")["Table"]["VersionId"]

    def update(number: int) -> str:
        table = iceberg(f"s3://x/{number}")
        return code(
            lambda: glue.update_table(
                DatabaseName="lake", TableInput=table, VersionId=seen, SkipArchive=True
            )
        )

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(update, range(8)))
    assert outcomes == ["", *["ConcurrentModificationException"] * 7]


def test_a_table_is_made_once(glue: Any) -> None:
    table = iceberg("s3://x/0")
    glue.create_table(DatabaseName="lake", TableInput=table)
    again = code(lambda: glue.create_table(DatabaseName="lake", TableInput=table))
    assert again == "AlreadyExistsException"
    glue.delete_table(DatabaseName="lake", Name="ice")
    assert code(lambda: glue.get_table(DatabaseName="lake", Name="ice")) == (
        "EntityNotFoundException"
    )


# Partitions


def test_thousands_of_partitions_are_listed_filtered_and_changed(glue: Any) -> None:
    partitioned(glue, 1200)
    found = partitions(glue)
    assert sorted(each["Values"][0] for each in found) == [f"{n:05}" for n in range(1200)]
    some = partitions(glue, Expression="n >= '01150' AND n < '01160'")
    assert sorted(each["Values"][0] for each in some) == [f"{n:05}" for n in range(1150, 1160)]
    changed = [
        {"PartitionValueList": [f"{n:05}"], "PartitionInput": partition(n, "elsewhere")}
        for n in range(100)
    ]
    answer = glue.batch_update_partition(DatabaseName="lake", TableName="t", Entries=changed)
    assert answer.get("Errors", []) == []
    one = glue.get_partition(DatabaseName="lake", TableName="t", PartitionValues=["00007"])
    assert one["Partition"]["StorageDescriptor"]["Location"] == "s3://x/elsewhere/7/"
    removed = [{"Values": [f"{n:05}"]} for n in range(25)]
    glue.batch_delete_partition(DatabaseName="lake", TableName="t", PartitionsToDelete=removed)
    assert len(partitions(glue)) == 1175


def test_a_partition_that_exists_is_named_and_the_others_are_made(glue: Any) -> None:
    partitioned(glue, 1)
    answer = glue.batch_create_partition(
        DatabaseName="lake", TableName="t", PartitionInputList=[partition(0), partition(1)]
    )
    ((error,)) = answer["Errors"]
    assert error["PartitionValues"] == ["00000"]
    assert error["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"
    assert len(partitions(glue)) == 2


def test_a_partition_that_is_missing_is_named_and_the_others_are_changed(glue: Any) -> None:
    partitioned(glue, 1)
    entries = [
        {"PartitionValueList": [f"{n:05}"], "PartitionInput": partition(n, "new")} for n in (0, 9)
    ]
    answer = glue.batch_update_partition(DatabaseName="lake", TableName="t", Entries=entries)
    ((error,)) = answer["Errors"]
    assert error["PartitionValueList"] == ["00009"]
    assert error["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"


def test_a_change_is_saved_soon_whatever_the_number_of_partitions(glue: Any) -> None:
    partitioned(glue, 2000)
    seconds = []
    for number in range(10):
        started = time.monotonic()
        glue.update_partition(
            DatabaseName="lake",
            TableName="t",
            PartitionValueList=["00001"],
            PartitionInput=partition(1, f"place{number}"),
        )
        seconds.append(time.monotonic() - started)
    print(f"an update beside 2,000 partitions: {sorted(seconds)[5] * 1000:.0f} ms")
    assert len(partitions(glue)) == 2000


def test_partitions_and_versions_survive_a_kill(own_emulator: RunningEmulator) -> None:
    glue = own_emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    partitioned(glue, 100)
    glue.create_table(DatabaseName="lake", TableInput=iceberg("s3://x/0"))
    seen = glue.get_table(DatabaseName="lake", Name="ice")["Table"]["VersionId"]
    named = {"DatabaseName": "lake", "TableInput": iceberg("s3://x/1"), "SkipArchive": True}
    glue.update_table(**named, VersionId=seen)
    entry = {"PartitionValueList": ["00007"], "PartitionInput": partition(7, "elsewhere")}
    glue.batch_update_partition(DatabaseName="lake", TableName="t", Entries=[entry])
    own_emulator.kill_and_start()
    assert len(partitions(glue)) == 100
    one = glue.get_partition(DatabaseName="lake", TableName="t", PartitionValues=["00007"])
    assert one["Partition"]["StorageDescriptor"]["Location"] == "s3://x/elsewhere/7/"
    stale = code(lambda: glue.update_table(**named, VersionId=seen))
    assert stale == "ConcurrentModificationException"


def test_statistics_of_columns_are_kept(glue: Any) -> None:
    glue.create_table(DatabaseName="lake", TableInput=iceberg("s3://x/0"))
    data = {
        "Type": "LONG",
        "LongColumnStatisticsData": {"NumberOfNulls": 1, "NumberOfDistinctValues": 2},
    }
    statistics = {
        "ColumnName": "a",
        "ColumnType": "bigint",
        "AnalyzedTime": 1.0,
        "StatisticsData": data,
    }
    named = {"DatabaseName": "lake", "TableName": "ice"}
    glue.update_column_statistics_for_table(**named, ColumnStatisticsList=[statistics])
    answer = glue.get_column_statistics_for_table(**named, ColumnNames=["a"])
    (kept,) = answer["ColumnStatisticsList"]
    assert kept["StatisticsData"]["LongColumnStatisticsData"]["NumberOfDistinctValues"] == 2


# Permissions


def test_partitions_are_changed_by_who_may_change_their_table(
    emulator: RunningEmulator, glue: Any
) -> None:
    partitioned(glue, 1)
    iam = emulator.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "sts:AssumeRole",
        },
    }
    arn = iam.create_role(RoleName="g", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    resources = ["catalog", "database/lake", "table/lake/t"]

    def rights(*actions: str) -> Keys:
        statement = {
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": [f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:{each}" for each in resources],
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="g", PolicyName="p", PolicyDocument=document)
        return emulator.assume(arn)

    own = emulator.client("glue", rights("glue:BatchUpdatePartition", "glue:BatchCreatePartition"))
    named = {"DatabaseName": "lake", "TableName": "t"}
    entry = {"PartitionValueList": ["00000"], "PartitionInput": partition(0, "new")}
    own.batch_update_partition(**named, Entries=[entry])
    own.batch_create_partition(**named, PartitionInputList=[partition(5)])
    denied = code(lambda: own.get_partitions(**named))
    assert denied == "AccessDeniedException"
    other = code(
        lambda: own.batch_update_partition(DatabaseName="lake", TableName="u", Entries=[entry])
    )
    assert other == "AccessDeniedException"
    iam.delete_role_policy(RoleName="g", PolicyName="p")
    iam.delete_role(RoleName="g")
