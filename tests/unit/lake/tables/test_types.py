from __future__ import annotations

import pytest
from lake.tables.types import arrow_field, column_type, widens


@pytest.mark.parametrize(
    ("old", "new"),
    [("int", "bigint"), ("float", "double"), ("decimal(9,2)", "decimal(18,2)")],
)
def test_a_type_widens_to_one_that_has_all_of_its_values(old: str, new: str) -> None:
    assert widens(column_type(old), column_type(new))
    assert not widens(column_type(new), column_type(old))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int", "int"),
        ("int", "double"),
        ("int", "decimal(18,0)"),
        ("decimal(9,2)", "decimal(18,3)"),
        ("string", "binary"),
        ("array<int>", "array<bigint>"),
        ("struct<a:int>", "struct<a:bigint>"),
        ("map<string,int>", "map<string,bigint>"),
    ],
)
def test_other_types_do_not(old: str, new: str) -> None:
    assert not widens(column_type(old), column_type(new))


def test_spaces_make_no_other_type() -> None:
    assert column_type("struct<a: int, b: array<string>>") == column_type(
        "struct<a:int,b:array<string>>"
    )


def test_fields_inside_of_a_type_have_their_ids() -> None:
    ids = {"o": 1, "o.tags": 2, "o.tags.element": 3, "o.tags.element.at": 4}
    field = arrow_field("o", column_type("struct<tags:array<struct<at:timestamp>>>"), ids)
    found = []
    while True:
        found.append((field.name, (field.metadata or {}).get(b"PARQUET:field_id")))
        if not field.type.num_fields:
            break
        field = field.type.field(0)
    assert found == [("o", b"1"), ("tags", b"2"), ("element", b"3"), ("at", b"4")]
    assert str(field.type) == "timestamp[us]"
