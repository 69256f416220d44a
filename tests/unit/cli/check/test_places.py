"""The bad characters of a rejected record are found in what is shown of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from lake.convert.rejects import Quarantined
from lake.dataset import DataSet, load_data_set

from infra.cli.check.places import header_of, place_of

COMMON = {"description": "d", "owner": "o", "schedule": None}


def data_set(tmp_path: Path, layout: dict[str, Any], *columns: dict[str, Any]) -> DataSet:
    path = tmp_path / "domain" / "table.yaml"
    path.parent.mkdir(exist_ok=True)
    listed = [{"description": "d", **column} for column in columns]
    path.write_text(yaml.safe_dump({**COMMON, "layout": layout, "columns": listed}))
    return load_data_set(path)


def marked(
    model: DataSet, raw: bytes, column: str | None, *, header: tuple[str, ...] = ()
) -> str | None:
    """The characters that carets go under."""
    shown = raw.decode(model.layout.encoding, "backslashreplace")
    reject = Quarantined("k", "", None, 1, 0, len(raw), "reason", column, shown, raw, "")
    place = place_of(reject, data_set=model, header=header)
    return shown[place.start : place.end] if place else None


def test_fixed_width_has_the_columns_bytes(tmp_path: Path) -> None:
    layout = {"format": "fixed_width", "record_length": 10}
    columns = (
        {"name": "a", "type": "string", "position": 1, "width": 5},
        {"name": "b", "type": "int", "position": 6, "width": 5},
    )
    model = data_set(tmp_path, layout, *columns)
    assert marked(model, b"abcde12x45", "b") == "12x45"
    assert marked(model, "ação1234".encode(), "b") is not None
    assert marked(model, "çã_12x45".encode(), "b") == "12x45"
    assert marked(model, b"ab\xff\xffe12x45", "b") == "12x45"
    assert marked(model, b"short", None) is None


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"1;x;3", "x"),
        (b'"1;2";x;3', "x"),
        (b'"a""b";"x;y";3', '"x;y"'),
        (b"1;;3", ";"),
        (b"1", None),
    ],
)
def test_delimited_has_the_field_with_its_quotes(
    raw: bytes, field: str | None, tmp_path: Path
) -> None:
    """An empty field is marked at the delimiter after it."""
    layout = {"format": "delimited", "delimiter": ";", "header": "none"}
    columns = ({"name": name, "type": "int"} for name in "abc")
    assert marked(data_set(tmp_path, layout, *columns), raw, "b") == field


def test_delimited_by_name_is_where_the_header_has_it(tmp_path: Path) -> None:
    layout = {"format": "delimited", "skip_lines": 1, "comment": "#"}
    columns = ({"name": "a", "type": "int"}, {"name": "b", "type": "int", "header": "Bee, b"})
    model = data_set(tmp_path, layout, *columns)
    header = header_of(model, 'title\n# comment\n"Bee, b",a\n1,2\n')
    assert header == ["Bee, b", "a"]
    assert marked(model, b"x,2", "b", header=tuple(header)) == "x"
    assert marked(model, b"x,2", "b") is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"u": {"n": ["a", "b"]}, "x": 1}', '"b"'),
        (b'{"x": 1, "u":{"k":{"n":0},"n":[ 1 , {"d": 2} ]}}', '{"d": 2}'),
        (b'{"u": {"n": [1]}}', "["),
        (b'{"u": 5}', "5"),
        (b'{"u": {"n": [1, 2}}', "}"),
    ],
)
def test_json_has_the_value_at_the_path(raw: bytes, value: str, tmp_path: Path) -> None:
    """Of one that is not there, the beginning of what it should be in."""
    column = {"name": "a", "type": "int", "path": "u.n.1"}
    assert marked(data_set(tmp_path, {"format": "json"}, column), raw, "a") == value


def test_text_that_is_no_json_is_marked_where_it_ends_to_be(tmp_path: Path) -> None:
    model = data_set(tmp_path, {"format": "json"}, {"name": "a", "type": "int"})
    assert marked(model, b'{"a": nope}', None) == "n"
