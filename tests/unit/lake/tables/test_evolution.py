from __future__ import annotations

from decimal import Decimal

import pytest
from lake.dataset import DataSet
from lake.tables import IncompatibleSchema, PartChanges, Warehouse, lake_table
from lake.tables.changes import changes_for

from tests.unit.lake.tables.conftest import DATABASE, FORMATS, Declare
from tests.unit.lake.tables.staged import MONDAY, ROOT, TUESDAY, Lake, trade

COLUMNS = {"day": "date", "paper": "string", "price": "decimal(9,2)?", "units": "int?"}
OLD = {**trade(MONDAY, "AAAA"), "units": 7}


@pytest.fixture(params=["iceberg", "parquet"])
def target(request: pytest.FixtureRequest) -> str:
    return FORMATS[request.param]


@pytest.fixture
def lake(target: str, warehouse: Warehouse, declare: Declare) -> Lake:
    made = Lake(warehouse, declare(COLUMNS, target=target))
    made.load("old", [OLD])
    return made


def evolved(lake: Lake, data_set: DataSet) -> Lake:
    return Lake(lake.warehouse, data_set)


def names(lake: Lake) -> list[str]:
    found = lake.warehouse.glue.get_table(DatabaseName=DATABASE, Name=lake.table.name)["Table"]
    columns = [*found["StorageDescriptor"]["Columns"], *found.get("PartitionKeys", ())]
    return [
        f"{column['Name']} {column['Type']}"
        for column in columns
        if column.get("Parameters", {}).get("iceberg.field.current") != "false"
        and column["Name"] not in ("day", "source_key")
    ]


def test_a_new_column_is_null_in_older_rows_and_stands_where_the_file_has_it(
    lake: Lake, declare: Declare, target: str
) -> None:
    columns = {"day": "date", "market": "string?", **COLUMNS}
    lake = evolved(lake, declare(columns, target=target))
    new = {**OLD, "paper": "BBBB", "market": "spot"}
    lake.load("new", [new])
    assert names(lake) == [
        "market string",
        "paper string",
        "price decimal(9,2)",
        "units int",
    ]
    rows = {row["paper"]: row for row in lake.rows()}
    assert rows == {"AAAA": {**OLD, "market": None}, "BBBB": new}


def test_a_dropped_column_is_not_read_any_more(lake: Lake, declare: Declare, target: str) -> None:
    lake = evolved(lake, declare(target=target))
    assert names(lake) == ["paper string", "price decimal(9,2)"]
    assert lake.rows() == [trade(MONDAY, "AAAA")]


def test_a_wider_column_reads_older_rows_and_holds_larger_ones(
    lake: Lake, declare: Declare, target: str
) -> None:
    wider = {**COLUMNS, "price": "decimal(13,2)?", "units": "bigint?"}
    lake = evolved(lake, declare(wider, target=target))
    new = {**OLD, "paper": "BBBB", "price": Decimal("12345678901.23"), "units": 2**40}
    lake.load("new", [new])
    assert names(lake) == ["paper string", "price decimal(13,2)", "units bigint"]
    assert lake.rows() == [OLD, new]


def test_a_rewritten_part_has_the_columns_of_today(
    lake: Lake, declare: Declare, target: str
) -> None:
    lake.load("more", [{**OLD, "paper": "CCCC", "source_key": "c"}, {**OLD, "source_key": "d"}])
    columns = {**COLUMNS, "units": "bigint?", "market": "string?"}
    lake = evolved(lake, declare(columns, target=target))
    lake.apply(changes_for(lake.table, add=[], replaced_source_keys=["d"], staging=f"{ROOT}/s"))
    lake.load("new", [{**OLD, "paper": "DDDD", "units": 2**40, "market": "spot"}])
    assert {row["paper"]: (row["units"], row["market"]) for row in lake.rows()} == {
        "AAAA": (7, None),
        "CCCC": (7, None),
        "DDDD": (2**40, "spot"),
    }


def test_a_part_that_was_staged_before_the_columns_changed_can_be_applied(
    lake: Lake, declare: Declare, target: str
) -> None:
    staged = lake.stage("staged", [{**OLD, "paper": "BBBB"}])
    columns = {
        "day": "date", "paper": "string", "price": "decimal(13,2)?", "market": "string?",
    }  # fmt: skip
    lake = evolved(lake, declare(columns, target=target))
    lake.apply(PartChanges(add=(staged,)))
    assert lake.rows() == [{**trade(MONDAY, paper), "market": None} for paper in ("AAAA", "BBBB")]


def test_descriptions_follow_the_file(lake: Lake, declare: Declare, target: str) -> None:
    lake = evolved(lake, declare(COLUMNS, target=target, description="All trades"))
    found = lake.warehouse.glue.get_table(DatabaseName=DATABASE, Name=lake.table.name)["Table"]
    assert found["Description"] == "All trades"
    assert lake.rows() == [OLD]


def test_changes_go_on_after_an_evolution(lake: Lake, declare: Declare, target: str) -> None:
    lake = evolved(lake, declare(target=target))
    lake.load("tuesday", [trade(TUESDAY, "AAAA")])
    assert lake.table.applied() == 2


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        (
            {**COLUMNS, "units": "string?"},
            "column units is int in the table and string in the file, and only int to bigint",
        ),
        (
            {**COLUMNS, "price": "decimal(13,4)?"},
            r"column price is decimal\(9,2\) in the table and decimal\(13,4\) in the file",
        ),
        (
            {**COLUMNS, "price": "decimal(7,2)?"},
            r"column price is decimal\(9,2\) in the table and decimal\(7,2\) in the file",
        ),
        ({**COLUMNS, "market": "string"}, r"column market \(string\) is new.*`nullable: true`"),
    ],
)
def test_what_older_files_cannot_follow_is_refused(
    lake: Lake, declare: Declare, target: str, columns: dict[str, str], complaint: str
) -> None:
    with pytest.raises(IncompatibleSchema, match=complaint) as refusal:
        evolved(lake, declare(columns, target=target))
    assert str(refusal.value).startswith(
        "table market_trades cannot follow datasets/market/trades.yaml: "
    )
    assert lake.rows() == [OLD]


def test_every_problem_is_named_at_once(lake: Lake, declare: Declare, target: str) -> None:
    columns = {**COLUMNS, "units": "string?", "market": "string"}
    with pytest.raises(IncompatibleSchema, match=r"column units .*; column market"):
        evolved(lake, declare(columns, target=target))


def test_other_partitions_are_refused(lake: Lake, declare: Declare, target: str) -> None:
    with pytest.raises(
        IncompatibleSchema, match=r"it is partitioned by \(day\), the file says \(paper\)"
    ):
        evolved(lake, declare(COLUMNS, target=target, partitions="[paper]"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("iceberg", "parquet", "is in Glue but not as .* wants it, in plain Parquet"),
        ("parquet", "iceberg", "is in Glue but not in Iceberg"),
        ("parquet", "projected", "has no partition projection"),
        ("projected", "parquet", "has partition projection"),
    ],
)
def test_another_format_is_refused(
    warehouse: Warehouse, declare: Declare, old: str, new: str, complaint: str
) -> None:
    lake_table(declare(target=FORMATS[old]), warehouse=warehouse).ensure()
    with pytest.raises(IncompatibleSchema, match=complaint):
        lake_table(declare(target=FORMATS[new]), warehouse=warehouse).ensure()


def test_a_projection_may_change_its_range(warehouse: Warehouse, declare: Declare) -> None:
    lake = Lake(warehouse, declare(target=FORMATS["projected"]))
    lake.load("1", [trade(MONDAY, "AAAA")])
    wider = FORMATS["projected"].replace("2024", "1999")
    lake = evolved(lake, declare(target=wider))
    found = warehouse.glue.get_table(DatabaseName=DATABASE, Name=lake.table.name)["Table"]
    projection = {k: v for k, v in found["Parameters"].items() if k.startswith("projection")}
    assert projection == {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.range": "1999-01-01,NOW",
        "projection.day.format": "yyyy-MM-dd",
    }
    assert lake.rows() == [trade(MONDAY, "AAAA")]
