"""What a data set of JSON may declare, and what does not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lake.dataset import DataSetError, JsonColumn, JsonDataSet, load_data_set
from pydantic import ValidationError

from tests.unit.lake.dataset.test_load import DATA_SETS

FILE = """\
description: What was sold.
owner: shop
schedule: null
layout: {format: json, records: document, items: result.orders}
columns:
  - {name: number, type: bigint, description: Number of the order}
  - {name: city, type: string, path: customer.address.city, description: Where}
  - {name: first_sku, type: string, path: lines.0.sku, nullable: true, description: What}
  - {name: lines_text, type: json, path: [raw.lines], description: As they are}
keys: [number]
"""


def column(name: str = "a", kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": "A column.", **more}


def error_of(*columns: dict[str, Any], layout: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(ValidationError) as error:
        JsonDataSet.model_validate(
            {
                "domain": "shop",
                "table": "sales",
                "description": "Sales.",
                "owner": "shop",
                "schedule": None,
                "layout": {"format": "json", **(layout or {})},
                "columns": columns or [column()],
                **more,
            }
        )
    return str(error.value)


def test_a_file_of_the_format_loads(tmp_path: Path) -> None:
    """Dots in a path lead inwards, digits are indices; a list is taken as it is."""
    path = tmp_path / "shop" / "sales.yaml"
    path.parent.mkdir()
    path.write_text(FILE)
    dataset = load_data_set(path)
    assert isinstance(dataset, JsonDataSet)
    assert dataset.layout.items == ("result", "orders")
    assert [each.keys for each in dataset.columns] == [
        ("number",), ("customer", "address", "city"), ("lines", 0, "sku"), ("raw.lines",),
    ]  # fmt: skip


def test_only_lines_can_be_cut() -> None:
    """A reader of an array has to have seen its beginning."""
    for records, splittable in (("lines", True), ("array", False), ("document", False)):
        columns = [column()]
        dataset = JsonDataSet.model_validate(
            {"domain": "shop", "table": "sales", "description": "Sales.", "owner": "shop",
             "schedule": None, "layout": {"format": "json", "records": records},
             "columns": columns}
        )  # fmt: skip
        assert dataset.layout.splittable is splittable


@pytest.mark.parametrize(
    ("kind", "glue_type", "broad"),
    [
        ("json", "string", "string"),
        ("array<int>", "array<int>", "array"),
        ("struct<a: int, b: array<decimal(9,2)>>", "struct<a:int,b:array<decimal(9,2)>>", "struct"),
        ("decimal(9,2)", "decimal(9,2)", "decimal"),
    ],
)
def test_types_become_glues(kind: str, glue_type: str, broad: str) -> None:
    """Text of JSON is a string; nested types are Glue's own, without spaces."""
    found = JsonColumn(**column(kind=kind))
    assert (found.glue_type, found.kind) == (glue_type, broad)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("struct<a:int", "a `>` is missing"),
        ("array<int>>", "nothing can follow the type"),
        ("struct<A:int>", "names in lower case"),
        ("struct<>", "should be a scalar type, array<type> or struct<name:type,...>"),
        ("struct<a:int,a:int>", "has the member 'a' twice"),
        ("array<decimal(19,2)>", "a decimal's precision is 1 to 18 digits"),
        ("array<" * 9 + "int" + ">" * 9, "has more than 8 types inside of each other"),
        ("array<json>", "should be string, int, bigint"),
        ("map<string,int>", "should be a scalar type"),
    ],
)
def test_a_type_that_is_none_is_refused(kind: str, message: str) -> None:
    """And the message says what it should be."""
    assert message in error_of(column(kind=kind))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("a", path="x.y"), column("b", path="x")],
         "columns[1] (b).path: $.x overlaps column 'a', at $.x.y"),
        ([column("a", path="x"), column("b", path="x")], "$.x overlaps column 'a', at $.x"),
        ([column("a", path="x.0"), column("b", path="x.y")],
         "$.x.y goes through an object where column 'a', at $.x[0], goes through an array"),
        ([column("a", path="0.x")], "should begin with a key: a record is an object"),
        ([column("a", path="x..y")], "'' is no key"),
        ([column("a", path='x"')], "is no key"),
        ([column("a", path=["x", 1000])], "1000 is no index of an array; they go from 0 to 999"),
        ([column("a", path=[])], "should begin with a key"),
        ([column("a", format="YYYY-MM-DD")], "is written for a date, not for a string"),
        ([column("a", "date", format="YYYY-MM-DD hh:mm:ss")],
         "is written for a timestamp, not for a date"),
        ([column("a", "bigint", epoch="seconds")], "only a date or a timestamp has it, not bigint"),
        ([column("a", "timestamp", epoch="seconds", format="YYYY-MM-DD hh:mm:ss")],
         "a number has no `format`"),
        ([column("a", "timestamp", epoch="seconds", path="x"), column("b", "bigint", path="x")],
         "$.x overlaps column 'a', at $.x"),
        ([column("a", "timestamp", epoch="seconds", path="x"),
          column("b", "date", epoch="milliseconds", path="x")], "$.x overlaps column 'a', at $.x"),
        ([column("a", "date", lenient=True)], "date is no string, number or epoch"),
        ([column("a", "json", lenient=True)], "json is no string, number or epoch"),
        ([column("a", "array<int>", lenient=True)], "array<int> is no string, number or epoch"),
        ([column("a", "array<int>", missing=["-1"])],
         "array<int> is missing where it is null, and nowhere else"),
        ([column("a", "boolean", missing=["no"])], "is missing where it is null"),
        ([column("source_key")], "'source_key' is the lake's own column"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(columns: list[dict[str, Any]], message: str) -> None:
    """By path, type and each other."""
    assert message in error_of(*columns)


def test_items_are_for_a_document() -> None:
    """Lines have none; and the way to them has no index."""
    assert "means nothing with `records: lines`" in error_of(layout={"items": "rows"})
    layout = {"records": "document", "items": "rows.0"}
    assert "should have keys only, no index" in error_of(layout=layout)


def test_keys_are_scalars() -> None:
    """Arrays and structs cannot be compared in every engine."""
    assert "keys[0]: 'a' is array<int>; a key is a scalar" in error_of(
        column("a", "array<int>"), column("b"), keys=["a"]
    )


def test_a_string_that_names_folders_is_not_lenient() -> None:
    """Its length is limited, which a number's text is not."""
    assert "columns[0] (a).lenient: folders are named by it" in error_of(
        column("a", lenient=True), column("b"), partitions=["a"]
    )


def test_an_unknown_key_is_explained(tmp_path: Path) -> None:
    """With the file's name and the keys that there are."""
    path = tmp_path / "shop" / "sales.yaml"
    path.parent.mkdir()
    path.write_text(FILE.replace("nullable", "optional"))
    with pytest.raises(DataSetError, match=r"columns\[2\] \(first_sku\).optional: unknown key"):
        load_data_set(path)


def test_the_products_events_load() -> None:
    """With one array and one struct kept as they are."""
    events = load_data_set(DATA_SETS / "web" / "events.yaml")
    assert isinstance(events, JsonDataSet)
    assert {each.name: each.kind for each in events.columns if each.is_nested} == {
        "device": "struct", "basket": "array",
    }  # fmt: skip
