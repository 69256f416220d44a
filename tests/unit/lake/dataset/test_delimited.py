"""What a data set of delimited files may declare, and what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from lake.dataset import DelimitedDataSet
from pydantic import ValidationError

from tests.unit.lake.convert.delimited import reading
from tests.unit.lake.convert.delimited.reading import column


def declared(layout: dict[str, Any], *columns: dict[str, Any]) -> DelimitedDataSet:
    return reading.declared(
        *(columns or (column("city", "string"), column("day", "date"))), **layout
    )


def error_of(layout: dict[str, Any], *columns: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        declared(layout, *columns)
    return str(error.value)


def test_a_layout_needs_nothing_but_its_format() -> None:
    """Commas, double quotes that are doubled, a header that names the columns, ISO dates."""
    dataset = declared({})
    layout = dataset.layout
    assert (layout.delimiter, layout.quote, layout.escape, layout.header) == (
        ",", '"', None, "by_name",
    )  # fmt: skip
    assert dataset.columns[1].formats == ("YYYY-MM-DD",)
    assert dataset.columns[0].header_name == "city"


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"delimiter": '"'}, "layout.delimiter: '\"' has a quote, an escape or a line end"),
        ({"delimiter": "\n"}, "layout.delimiter: '\\n' has a quote, an escape or a line end"),
        ({"delimiter": ""}, "at least 1 character"),
        ({"delimiter": "→", "encoding": "cp1252"}, "'→' does not exist in cp1252"),
        ({"quote": "''"}, "layout.quote: \"''\" should be one ASCII character or null"),
        ({"quote": "«"}, "layout.quote: '«' should be one ASCII character or null"),
        ({"escape": "\r"}, "layout.escape: '\\r' should be one ASCII character or null"),
        ({"escape": '"'}, "layout.escape: is the quote; null means that quotes are doubled"),
        ({"escape": "\\", "trim": True}, "layout.trim: with an `escape`, a space may be escaped"),
        ({"comment": ",x"}, "layout.comment: starts with the delimiter"),
        ({"comment": 'x"'}, "layout.comment: 'x\"' has a quote, an escape or a line end"),
        ({"thousands": "."}, "layout.thousands: is the decimal point too"),
        ({"thousands": "_"}, "Input should be '.', ',', ' ' or"),
        ({"header": "by_order"}, "Input should be 'by_name', 'by_position' or 'none'"),
        ({"trailer": {"pattern": "T("}}, "should be a regular expression: missing )"),
        ({"trailer": {"pattern": "T(?P<sum>.*)"}}, "has a named group other than `count`"),
        ({"encoding": "shift_jis"}, "should be utf-8, utf-16, or an encoding of one byte"),
        ({"splittable": True}, "Extra inputs are not permitted"),
    ],
)
def test_layouts_that_do_not_fit_together_are_refused(layout: dict[str, Any], message: str) -> None:
    """Files that could not be cut into records and fields."""
    assert message in error_of(layout)


@pytest.mark.parametrize(
    ("layout", "columns", "message"),
    [
        ({}, [column("a", "int", format="YYYY-MM-DD")],
         "columns[0] (a).format: 'YYYY-MM-DD' is written for a date, not for a int"),
        ({}, [column("a", "date", format="YYYY-MM-DD hh:mm")],
         "columns[0] (a).format: 'YYYY-MM-DD hh:mm' is written for a timestamp, not for a date"),
        ({}, [column("a", "date", format=["YYYYMMDD", "YYMMDD"])], "should be YYYY, MM and DD"),
        ({}, [column("a", "timestamp", format="YYYY-MM-DD ss")], "should be YYYY, MM and DD"),
        ({}, [column("a", "date", format="DD.MM.DD.YYYY")], "DD is there twice"),
        ({}, [column("a", "string", true_values=["S"])],
         "columns[0] (a).true_values: only a boolean has it, not string"),
        ({}, [column("a", "boolean", true_values=["1"], false_values=["0", "1"])],
         "columns[0] (a).false_values: '1' is true already"),
        ({}, [column("a", "string", optional=True)],
         "columns[0] (a).optional: a column that a file may lack is NULL there"),
        ({}, [column("a", "string", header="B"), column("b", "string", header="B")],
         "columns[1] (b).header: columns[0] is called so in the header too"),
        ({"header_match": "ignore_case"}, [column("a", "string", header="B"), column("b", "int")],
         "columns[1] (b).header: columns[0] is called so in the header too"),
        ({"header": "none"}, [column("a", "string", header="A")],
         "columns[0] (a).header: means nothing with `header: none`"),
        ({"header": "by_position"},
         [column("a", "string", optional=True, nullable=True), column("b", "string")],
         "columns[0] (a).optional: with `header: by_position` only the last columns can lack"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(
    layout: dict[str, Any], columns: list[dict[str, Any]], message: str
) -> None:
    """With the key and the reason."""
    assert message in error_of(layout, *columns)


@pytest.mark.parametrize(
    ("layout", "splittable"),
    [
        ({"quote": None, "header": "none"}, True),
        ({"quote": None, "header": "by_position"}, True),
        ({"quote": None}, False),
        ({"header": "none"}, False),
        ({"quote": None, "escape": "\\", "header": "none"}, False),
        ({"quote": None, "header": "none", "trailer": {"pattern": "T"}}, False),
    ],
)
def test_files_can_be_cut_where_no_line_end_is_quoted(
    layout: dict[str, Any], splittable: bool
) -> None:
    """And where a reader in the middle needs neither the header's order nor the trailer."""
    assert declared(layout).layout.splittable is splittable
