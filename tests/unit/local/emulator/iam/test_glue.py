from __future__ import annotations

from typing import Any

import pytest

from infra.local.emulator.iam.call import Call
from infra.local.emulator.iam.glue import resources


def named(operation: str, **parameters: Any) -> list[str]:
    """The resources of a call, without account and region."""
    call = Call(
        service="glue",
        operation=operation,
        path="/",
        parameters=parameters,
        region="us-east-1",
        account_id="123456789012",
    )
    prefix = "arn:aws:glue:us-east-1:123456789012:"
    found = resources(call)
    assert all(arn.startswith(prefix) for arn in found)
    return [arn.removeprefix(prefix) for arn in found]


TABLE = ["table/db/t", "database/db", "catalog"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetTable", {"Name": "t"}),
        ("CreateTable", {"TableInput": {"Name": "t"}}),
        ("UpdateTable", {"TableInput": {"Name": "t"}}),
        ("DeleteTable", {"Name": "t"}),
        ("GetPartitions", {"TableName": "t"}),
        ("BatchCreatePartition", {"TableName": "t"}),
        ("GetTableVersions", {"TableName": "t"}),
        ("UpdateColumnStatisticsForTable", {"TableName": "t"}),
    ],
)
def test_a_table_is_named_with_its_database_and_the_catalog(
    operation: str, parameters: dict[str, Any]
) -> None:
    assert named(operation, DatabaseName="db", **parameters) == TABLE


def test_a_list_of_tables_is_of_all_the_tables() -> None:
    assert named("GetTables", DatabaseName="db") == ["table/db/*", "database/db", "catalog"]


def test_several_tables_are_each_named() -> None:
    found = named("BatchDeleteTable", DatabaseName="db", TablesToDelete=["t", "u"])
    assert found == ["table/db/t", "table/db/u", "database/db", "catalog"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetDatabase", {"Name": "db"}),
        ("CreateDatabase", {"DatabaseInput": {"Name": "db"}}),
        ("UpdateDatabase", {"Name": "db"}),
    ],
)
def test_a_database_is_named_with_the_catalog(operation: str, parameters: dict[str, Any]) -> None:
    assert named(operation, **parameters) == ["database/db", "catalog"]


def test_deleting_a_database_needs_all_that_it_holds() -> None:
    assert named("DeleteDatabase", Name="db") == [
        "database/db",
        "catalog",
        "table/db/*",
        "userDefinedFunction/db/*",
    ]


def test_every_database_is_asked_for() -> None:
    assert named("GetDatabases") == ["database/*", "catalog"]
    assert named("SearchTables") == ["table/*/*", "database/*", "catalog"]


def test_a_function_belongs_to_its_database() -> None:
    found = named("GetUserDefinedFunction", DatabaseName="db", FunctionName="f")
    assert found == ["userDefinedFunction/db/f", "database/db", "catalog"]


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("GetConnection", {"Name": "c"}, ["connection/c", "catalog"]),
        ("StartJobRun", {"JobName": "j"}, ["job/j"]),
        ("GetCrawler", {"Name": "w"}, ["crawler/w"]),
        ("GetCrawlers", {}, ["crawler/*"]),
        ("GetDataCatalogEncryptionSettings", {}, ["catalog"]),
    ],
)
def test_other_resources(operation: str, parameters: dict[str, Any], expected: list[str]) -> None:
    assert named(operation, **parameters) == expected
