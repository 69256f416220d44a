"""`lake check` shows what would become of a file; its exit code says whether it is published."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from infra.cli.main import app

YAML = """
description: d
owner: o
schedule: null
layout: {format: delimited, delimiter: ";"}
columns:
  - {name: id, type: int, description: d}
  - {name: day, type: date, description: d}
  - {name: name, type: string, header: Full name, description: d, nullable: true}
keys: [id]
max_bad_ratio: 0.5
"""
GOOD = "Full name;day;id\nAna;2024-01-02;1\n;2024-01-03;2\n"


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    path = tmp_path / "domain" / "table.yaml"
    path.parent.mkdir()
    path.write_text(YAML)
    return path


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text(GOOD)
    return path


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_a_good_file_would_be_published(data_set: Path, landed: Path) -> None:
    done = check(data_set, landed)
    assert done.exit_code == 0
    assert "3 records = 2 rows + 0 quarantined + 1 control" in done.output
    assert "would be published" in done.output
    words = [line.split() for line in done.output.splitlines()]
    assert ["1", "2024-01-02", "Ana"] in words
    assert ["2", "2024-01-03", "NULL"] in words
    assert "peak memory" in done.output


def test_a_bad_record_has_its_line_its_reason_and_carets_under_the_field(
    data_set: Path, landed: Path
) -> None:
    landed.write_text(GOOD + "Zoë;2024-02-30;3\n")
    done = check(data_set, landed)
    lines = done.output.splitlines()
    [place] = (index for index, line in enumerate(lines) if line.startswith("line 4, byte 48"))
    assert "column day" in lines[place]
    assert lines[place + 1] == "  Zoë;2024-02-30;3"
    assert lines[place + 2] == "      ^^^^^^^^^^"
    assert done.exit_code == 0


def test_a_file_with_too_many_bad_records_is_refused_and_they_are_shown(
    data_set: Path, landed: Path
) -> None:
    landed.write_text("Full name;day;id\nAna;2024-01-02;1\nBo;x;2\nCy;2024-01-02;z\n")
    done = check(data_set, landed)
    assert done.exit_code == 1
    assert "would be refused: 2 of 3 records are bad" in done.output
    assert "Bo;x;2" in done.output
    assert "Cy;2024-01-02;z" in done.output


def test_a_file_whose_keys_repeat_is_refused(data_set: Path, landed: Path) -> None:
    landed.write_text(GOOD + "Cy;2024-01-04;1\n")
    done = check(data_set, landed)
    assert done.exit_code == 1
    assert "its keys repeat: id 1 is there 2 times" in done.output


def test_a_file_without_the_header_is_refused_with_the_reason(data_set: Path, landed: Path) -> None:
    landed.write_text("a;b;c\n1;2;3\n")
    done = check(data_set, landed)
    assert done.exit_code == 1
    assert "would be refused" in done.output


def test_rows_and_rejects_are_as_many_as_asked_for(data_set: Path, landed: Path) -> None:
    landed.write_text(GOOD + "x;x;x\n" * 2)
    done = check(data_set, landed, "--rows", 1, "--rejects", 1)
    assert "Ana" in done.output
    assert "2024-01-03" not in done.output
    assert "… and 1 more" in done.output


def test_programs_get_json(data_set: Path, landed: Path) -> None:
    landed.write_text(GOOD + "Zoë;2024-02-30;3\n")
    document = json.loads(check(data_set, landed, "--json").output)
    assert document["published"] is True
    assert (document["records"], document["rows"], document["quarantined"]) == (4, 2, 1)
    assert document["first_rows"][0] == {
        "id": 1,
        "day": "2024-01-02",
        "name": "Ana",
        "source_key": "names.csv",
    }
    [reject] = document["first_rejects"]
    assert (reject["line_number"], reject["column_name"]) == (4, "day")


def test_parquet_files_can_be_kept(data_set: Path, landed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert check(data_set, landed, "--out", out).exit_code == 0
    [path] = out.rglob("*.parquet")
    assert pq.read_metadata(path).num_rows == 2
    assert "should be an empty folder" in str(check(data_set, landed, "--out", out).exception)


def test_a_product_data_set_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "A.TXT").write_bytes(b"x" * 245 + b"\r\n")
    done = check("market/quotes", tmp_path / "A.TXT")
    assert done.exit_code == 1
    assert "would be refused" in done.output


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("market/nope", "no data set 'market/nope'"),
        ("nope/nope.yaml", "nope/nope.yaml: no such file"),
    ],
)
def test_a_missing_data_set_is_said_in_a_line(name: str, problem: str, landed: Path) -> None:
    done = check(name, landed)
    assert done.exit_code == 1
    assert problem in str(done.exception)


def test_a_wrong_data_set_or_a_missing_file_is_said(
    data_set: Path, landed: Path, tmp_path: Path
) -> None:
    assert "no such file" in str(check(data_set, tmp_path / "nope.csv").exception)
    data_set.write_text(YAML.replace("type: date", "type: day"))
    assert "columns[1] (day).type: should be string, int" in str(check(data_set, landed).exception)
