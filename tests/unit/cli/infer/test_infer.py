"""`lake infer` proposes a data set that reads its sample without a reject."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lake.dataset import DataSet, load_data_set
from typer.testing import CliRunner

from infra.cli.main import app

from .files import ORDERS, events, orders, positions

type Proposed = Callable[..., tuple[DataSet, str]]


@pytest.fixture
def propose(tmp_path: Path) -> Proposed:
    """The data set that `lake infer` writes for a file, and what it prints."""

    def of(path: Path, *arguments: str, exit_code: int = 0) -> tuple[DataSet, str]:
        out = tmp_path / "domain" / "table.yaml"
        done = CliRunner().invoke(app, ["infer", str(path), "--out", str(out), *arguments])
        assert done.exit_code == exit_code, done.output
        return load_data_set(out), done.output

    return of


def types(data_set: DataSet) -> dict[str, str]:
    return {column.name: column.type for column in data_set.columns}


def test_delimited_text_with_everything(propose: Proposed, tmp_path: Path) -> None:
    """Semicolons, quotes, line breaks in them, accents of one byte, a decimal comma."""
    data_set, said = propose(orders(tmp_path / "orders.csv", rows=1000))
    layout: Any = data_set.layout
    assert (layout.format, layout.delimiter, layout.quote) == ("delimited", ";", '"')
    assert (layout.encoding, layout.decimal_point, layout.thousands) == ("latin-1", ",", ".")
    assert types(data_set) == ORDERS
    columns: dict[str, Any] = {column.name: column for column in data_set.columns}
    assert columns["ordered"].format == ("DD/MM/YYYY",)
    assert (columns["gift"].true_values, columns["gift"].false_values) == (("S",), ("N",))
    assert columns["numero"].header == "Número"
    assert [name for name, column in columns.items() if column.nullable] == ["gift", "notes"]
    assert data_set.keys == ("numero",)
    assert data_set.partitions == ("ordered",)
    assert "1,001 records = 1,000 rows + 0 rejected + 1 control" in said


def test_comments_say_what_was_seen(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["infer", str(orders(tmp_path / "orders.csv", rows=1000))])
    assert "# 1,000 of 1,000 values are DD/MM/YYYY\n" in done.output
    assert "# no two of 1,000 records are equal in these; are they in every file?\n" in done.output


@pytest.mark.parametrize("packing", ["gzip", "zip", "utf-8-sig", "utf-16"])
def test_compressions_and_encodings_are_found(
    packing: str, propose: Proposed, tmp_path: Path
) -> None:
    text = "id,name\n" + "".join(f"{number},ação {number}\n" for number in range(50))
    path = tmp_path / "names.csv"
    if packing == "gzip":
        path.write_bytes(gzip.compress(text.encode()))
    elif packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.csv", text)
    else:
        path.write_bytes(text.encode(packing))
    data_set, _ = propose(path)
    assert types(data_set) == {"id": "int", "name": "string"}


def test_dates_with_two_readings_are_left_to_a_person(propose: Proposed, tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text("id,day\n1,01/02/2024\n2,03/04/2024\n")
    data_set, said = propose(path)
    assert types(data_set)["day"] == "string"
    assert "for you to decide: day" in said


def test_a_file_without_a_header_gets_numbered_or_given_names(
    propose: Proposed, tmp_path: Path
) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("1|2024-01-02|x\n2|2024-01-03|y\n")
    assert list(types(propose(path)[0])) == ["column_1", "column_2", "column_3"]
    data_set, _ = propose(path, "--columns", "id,day", "--force")
    assert types(data_set) == {"id": "int", "day": "date", "column_3": "string"}


def test_lines_around_the_records_are_found(propose: Proposed, tmp_path: Path) -> None:
    """A title before the header, comments, and a trailer with the number of records."""
    path = tmp_path / "report.csv"
    rows = "".join(f"{number};{number},5\n" for number in range(40))
    path.write_text(f"Report of January\n# made by hand\nid;amount\n{rows}T;40;end\n")
    data_set, _ = propose(path)
    layout: Any = data_set.layout
    assert (layout.skip_lines, layout.comment, layout.trailer.of) == (1, "#", "records")
    assert types(data_set) == {"id": "int", "amount": "decimal(6,1)"}


def test_fixed_width_with_a_ruler(propose: Proposed, tmp_path: Path) -> None:
    path = positions(tmp_path / "positions.txt", rows=200)
    ruler = "kind:2,number:6,day:8,name:12,price:9,temperature:5"
    data_set, _ = propose(path, "--ruler", ruler)
    layout: Any = data_set.layout
    assert types(data_set) == {
        "kind": "string",
        "number": "int",
        "day": "date",
        "name": "string",
        "price": "decimal(8,2)",
        "temperature": "int",
    }
    assert (layout.header.type, layout.detail.type, layout.trailer.type) == ("00", "01", "99")
    [count] = layout.trailer.count
    assert (count.position, count.width, count.of) == (3, 9, "lines")
    columns: dict[str, Any] = {column.name: column for column in data_set.columns}
    assert columns["temperature"].missing == ("-9999",)


def test_fixed_width_without_a_ruler_draws_one_that_gives_the_same(
    propose: Proposed, tmp_path: Path
) -> None:
    path = positions(tmp_path / "positions.txt", rows=200)
    shown = CliRunner().invoke(app, ["infer", str(path)]).output
    [line] = (line[2:] for line in shown.splitlines() if line.startswith("# |"))
    proposed, _ = propose(path)
    ruled, _ = propose(path, "--ruler", line, "--force")
    assert proposed.columns == ruled.columns
    assert {"date", "decimal(6,2)"} <= set(types(proposed).values())


@pytest.mark.parametrize("how", ["lines", "array", "document"])
def test_json_however_it_holds_its_records(how: str, propose: Proposed, tmp_path: Path) -> None:
    data_set, _ = propose(events(tmp_path / "events.json", how=how, rows=60))
    layout: Any = data_set.layout
    assert layout.records == how
    assert types(data_set) == {
        "event_id": "int",
        "at": "timestamp",
        "user_name": "string",
        "user_tags": "array<string>",
        "amount": "decimal(7,2)",
        "ok": "boolean",
        "items": "array<struct<sku:string,n:int>>",
        "mixed": "json",
        "count": "int",
    }
    columns: dict[str, Any] = {column.name: column for column in data_set.columns}
    assert columns["user_name"].path == ("user", "name")
    assert columns["count"].nullable
    assert data_set.keys == ("event_id",)


def test_a_long_file_is_sampled_from_its_middle_and_end_too(
    propose: Proposed, tmp_path: Path
) -> None:
    """A text that stands only near the end is seen."""
    path = tmp_path / "long.csv"
    rows = [f"{number},{'x' * 40}\n" for number in range(60_000)]
    rows[-5] = f"last,{'y' * 40}\n"
    path.write_text("id,name\n" + "".join(rows))
    data_set, said = propose(path)
    assert types(data_set)["id"] == "string"
    assert "0 rejected" in said


def test_a_file_is_never_overwritten_without_force(propose: Proposed, tmp_path: Path) -> None:
    path = orders(tmp_path / "orders.csv", rows=20)
    propose(path)
    with pytest.raises(AssertionError):
        propose(path)
    propose(path, "--force")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file is empty"),
        ("one\nfour\nlonger line\n", "neither JSON, nor delimited"),
        ('["a", "b"]', "there is no record besides"),
    ],
)
def test_what_has_no_records_is_said_in_a_line(content: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text(content)
    done = CliRunner().invoke(app, ["infer", str(path)])
    assert done.exit_code == 1
    assert problem in str(done.exception)


def test_a_sample_with_a_bad_record_says_so_and_exits_with_1(
    propose: Proposed, tmp_path: Path
) -> None:
    path = tmp_path / "ragged.csv"
    rows = [f"{number},x\n" for number in range(100)]
    rows[50] = "50,x,y\n"
    path.write_text("id,name\n" + "".join(rows))
    data_set, said = propose(path, exit_code=1)
    assert types(data_set) == {"id": "int", "name": "string"}
    assert "99 rows + 1 rejected" in said
