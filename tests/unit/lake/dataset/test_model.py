"""What a data set may declare, and what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from lake.dataset import FixedWidthColumn, FixedWidthDataSet
from pydantic import ValidationError


def column(name: str, kind: str, position: int, width: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "position": position,
        "width": width,
        "description": "A column.",
        **more,
    }


def declaration(**changes: Any) -> dict[str, Any]:
    """A data set of 30 bytes a record, with some keys changed."""
    return {
        "domain": "shop",
        "table": "sales",
        "description": "Sales.",
        "owner": "shop",
        "schedule": "0 6 * * 1-5",
        "layout": layout(),
        "columns": [
            column("city", "string", 3, 8),
            column("day", "date", 11, 8),
            column("amount", "decimal(9,2)", 19, 9),
        ],
        "keys": ["city", "day"],
        "partitions": ["day"],
    } | changes


def layout(**changes: Any) -> dict[str, Any]:
    return {
        "format": "fixed_width",
        "record_length": 30,
        "record_type": {"position": 1, "width": 2},
        "header": {"type": "00"},
        "detail": {"type": "01"},
        "trailer": {"type": "99", "count": {"position": 3, "width": 6, "of": "lines"}},
    } | changes


def error_of(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        FixedWidthDataSet.model_validate(declaration(**changes))
    return str(error.value)


def test_a_declaration_that_fits_together_is_accepted() -> None:
    """And cannot be changed afterwards."""
    dataset = FixedWidthDataSet.model_validate(declaration())
    assert [each.name for each in dataset.partition_columns] == ["day"]
    with pytest.raises(ValidationError):
        dataset.owner = "me"  # type: ignore[misc]  # this is what the test is about


@pytest.mark.parametrize(
    ("kind", "width", "glue_type"),
    [
        ("string", 30, "string"),
        ("date", 8, "date"),
        ("int", 9, "int"),
        ("int", 10, "bigint"),
        ("int", 18, "bigint"),
        ("decimal(18, 2)", 18, "decimal(18,2)"),
    ],
)
def test_glue_types_follow_from_type_and_width(kind: str, width: int, glue_type: str) -> None:
    """Nine digits fit an int, eighteen a bigint."""
    assert FixedWidthColumn(**column("a", kind, 1, width)).glue_type == glue_type


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("a", "string", 1, 5), column("b", "string", 5, 2)],
         "columns[1] (b).position: overlaps columns[0] (a), which ends at byte 5"),
        ([column("a", "string", 1, 5), column("b", "string", 4, 1)],
         "columns[1] (b).position: overlaps columns[0] (a)"),
        ([column("a", "string", 25, 7)],
         "columns[0] (a): ends at byte 31, outside of the record's 30 bytes"),
        ([column("a", "string", 1, 5), column("a", "string", 6, 5)],
         "columns[1] (a).name: columns[0] has this name too"),
        ([column("a", "int", 1, 19)],
         "columns[0] (a).width: 19 digits do not fit an int, which holds 18"),
        ([column("a", "decimal(8,2)", 1, 9)],
         "columns[0] (a).width: 9 digits do not fit decimal(8,2); "
         "expected for example `type: decimal(9,2)`"),
        ([column("a", "date", 1, 8, format="YYYY-MM-DD")],
         "columns[0] (a).width: 8 does not hold YYYY-MM-DD; expected for example `width: 10`"),
        ([column("a", "int", 1, 8, format="YYYYMMDD")],
         "columns[0] (a).format: YYYYMMDD is the format of type date, not int"),
        ([column("a", "date", 1, 6, format="YYMMDD")],
         "columns[0] (a).pivot: belongs to YY: years from it on are of 19xx, those before of 20xx; "
         "expected for example `pivot: 70`"),
        ([column("a", "string", 1, 6, pivot=70)], "columns[0] (a).pivot: only a `format` with YY"),
        ([column("a", "string", 1, 6, sign="trailing")],
         "columns[0] (a).sign: only a whole number or a decimal has one, not string"),
        ([column("a", "int", 1, 6, decimal_point=",")],
         "columns[0] (a).decimal_point: only a decimal or a double has one, not int"),
        ([column("a", "decimal(5,2)", 1, 5, decimal_point=".", sign="overpunch")],
         "columns[0] (a).decimal_point: a number with an overpunched sign has none"),
        ([column("a", "int", 1, 1, sign="leading")], "(a).width: has no room for a digit"),
        ([column("a", "int", 1, 6, missing=["-9999"])],
         "columns[0] (a).missing: a missing value is NULL; expected for example `nullable: true`"),
        ([column("a", "int", 1, 4, missing=["-9999"], nullable=True)],
         "columns[0] (a).missing: '-9999' is not 1 to 4 bytes without spaces around them"),
        ([column("a", "boolean", 1, 4, missing=["0"], nullable=True)],
         "columns[0] (a).false_values: '0' is in missing too"),
        ([column("a", "int", 1, 4, true_values=["S"])],
         "columns[0] (a).true_values: only a boolean has them, not int"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(columns: list[dict[str, Any]], message: str) -> None:
    """By position, width, name and type."""
    assert message in error_of(columns=columns, keys=[], partitions=[])


@pytest.mark.parametrize(
    "form", ["YYYYMMD", "MMDD", "YYYYMMDDDD", "YYYYMM", "YYYYxMMxDD", "", "hhss", "YYYYMMDDmm"]
)
def test_a_format_is_a_date_a_time_or_both(form: str) -> None:
    """Each part once, and none of them missing in between."""
    columns = [column("a", "date", 1, 8, format=form)]
    assert "should be YYYY or YY with MM and DD or with DDD" in error_of(columns=columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": ["town"]}, "keys[0]: 'town' is not a column; the columns are city, day, amount"),
        ({"keys": ["city", "city"]}, "keys[1]: 'city' is listed twice"),
        ({"partitions": ["year"]}, "partitions[0]: 'year' is not a column"),
        ({"partitions": ["amount"]}, "partitions[0]: 'amount' is a decimal; partition by"),
        ({"partitions": ["city", "day", "amount"]}, "partitions[2]: 'amount' is a decimal"),
        ({"columns": [column("day", "date", 1, 8, nullable=True), column("b", "int", 9, 2)],
          "keys": []}, "partitions[0]: 'day' is nullable; every row needs a partition"),
        ({"columns": [column("day", "string", 1, 51), column("b", "int", 9, 2)], "keys": []},
         "partitions[0]: 'day' has 51 bytes; a folder's name has room for 50"),
        ({"columns": []}, "at least 1 item"),
        ({"schedule": "*/5 * * *"}, "should be on_arrival, five cron fields"),
        ({"schedule": "61 * * * *"}, "should be on_arrival, five cron fields"),
        ({"schedule": "@sometimes"}, "should be on_arrival, five cron fields"),
        ({"schedule": "on_arival"}, "should be on_arrival, five cron fields"),
        ({"run": {"sweep": "on_arrival"}}, "should be five cron fields"),
        ({"source": {"prefix": "/shop/"}}, "should be folders that each end in a slash"),
        ({"source": {"prefix": "shop"}}, "should be folders that each end in a slash"),
        ({"source": {"prefix": "shop/../bank/"}}, "should be folders that each end in a slash"),
        ({"run": {"wait_timeout_seconds": 5}}, "run.poke_interval_seconds: is longer than the"),
        ({"run": {"max_mapped_tasks": 1001}}, "less than or equal to 1000"),
        ({"max_bad_ratio": -0.1}, "greater than or equal to 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], message: str) -> None:
    """With the key and the reason."""
    assert message in error_of(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record_type": None}, "layout.header: needs `record_type`"),
        ({"record_type": {"position": 30, "width": 2}}, "layout.record_type: ends at byte 31"),
        ({"record_type": {"position": 1, "width": 8}}, "layout.record_type.width: 8 bytes;"),
        ({"detail": None}, "layout.detail: missing; `record_type` needs it"),
        ({"header": {"type": "0"}}, "layout.header.type: '0' is not of so many ASCII characters"),
        ({"header": {"type": "ãé"}}, "layout.header.type: 'ãé' is not of so many ASCII"),
        ({"header": {"type": "01"}},
         "layout.detail.type: '01' is the type of layout.header.type too"),
        ({"trailer": {"type": "99", "count": {"position": 28, "width": 6}}},
         "layout.trailer.count[0]: ends at byte 33"),
        ({"trailer": {"type": "99", "count": {"position": 1, "width": 19}}},
         "layout.trailer.count[0].width: 19 digits"),
        ({"encoding": "shift_jis"}, "should be utf-8, utf-16, or an encoding of"),
        ({"encoding": "iso2022_jp"}, "should be utf-8, utf-16, or an encoding of"),
        ({"encoding": "cp037"}, "should be utf-8, utf-16, or an encoding of"),
        ({"encoding": "latin-one"}, "should be utf-8, utf-16, or an encoding of"),
        ({"encoding": "hex"}, "should be utf-8, utf-16, or an encoding of"),
        ({"ignore": ["99"]}, "layout.ignore[0]: '99' is the type of layout.trailer.type too"),
        ({"segment": {"position": 29, "width": 3}}, "layout.segment: ends at byte 31"),
        ({"record_type": None, "header": None, "detail": None, "trailer": None,
          "ignore": ["7"]}, "layout.ignore: needs `record_type`"),
        ({"trailer": {"type": "99", "count": {"position": 3, "width": 6, "of": "records"}}},
         "layout.trailer.count[0].types: belongs to `of: records`, which needs it"),
        ({"trailer": {"type": "99", "count": [
            {"position": 3, "width": 6, "of": "records", "types": ["77"]}]}},
         "layout.trailer.count[0].types: '77' is no record's type"),
        ({"trailer": {"type": "99", "sum": {"position": 3, "width": 6, "of": "city"}}},
         "layout.trailer.sum[0].of: 'city' is no column of whole numbers or decimals"),
        ({"batch": {"header": {"type": "11"}, "trailer": {"type": "55", "count": {
            "position": 3, "width": 6, "of": "batches"}}}},
         "layout.batch.trailer.count[0].of: a batch has no batches in it"),
        ({"record_length": 32_761}, "less than or equal to 32760"),
    ],
)  # fmt: skip
def test_layouts_that_do_not_fit_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    """Records that could not be told apart or read."""
    assert message in error_of(layout=layout(**changes))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "UTF8", "ascii", "cp1252", "iso8859-15"])
def test_encodings_on_top_of_ascii_are_accepted(encoding: str) -> None:
    """Under any of their names."""
    assert FixedWidthDataSet.model_validate(declaration(layout=layout(encoding=encoding)))


def test_gaps_are_allowed_and_told() -> None:
    """The bytes that no column reads."""
    dataset = FixedWidthDataSet.model_validate(declaration())
    gaps = [(gap.position, gap.width) for gap in dataset.gaps]
    assert gaps == [(1, 2), (28, 3)]


@pytest.mark.parametrize(
    ("key", "accepted"),
    [
        ("shop/sales/a.TXT", True),
        ("shop/sales/2024/a.TXT", True),
        ("shop/sales/a.txt", False),
        ("shop/sales/", False),
        ("shop/sales/a.TXT/", False),
        ("shop/salesman/a.TXT", False),
        ("x/shop/sales/a.TXT", False),
    ],
)
def test_objects_are_accepted_by_prefix_and_pattern(key: str, accepted: bool) -> None:
    """Letter case counts; a folder's marker is no file."""
    dataset = FixedWidthDataSet.model_validate(declaration(source={"pattern": "*.TXT"}))
    assert dataset.source_wildcard == "shop/sales/*.TXT"
    assert dataset.accepts(key) is accepted
