"""The command, whole, on a file of a megabyte."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from infra.bench.main import app


def test_it_prints_the_tables_of_the_sizes_that_were_asked_for() -> None:
    arguments = ["--sizes", "1MB", "--largest", "10MB", "--rounds", "1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [words[2:] for words in lines if words[3:4] == ["4,042"]][:2] == [
        ["lake.convert", "4,042", "4", "0", "0", "0.00"],
        ["DuckDB", "4,042", "0", "3", "1", "0.00"],
    ]
    assert [words[2] for words in lines if words[:2] == ["10", "MB"]] == ["40,443"]


@pytest.mark.parametrize(
    ("text", "problem"), [("much", "a size such as 25MB or 10GB"), ("1kB", "1.0 MB at least")]
)
def test_what_is_no_size_is_refused(text: str, problem: str) -> None:
    done = CliRunner().invoke(app, ["--sizes", f"25MB,{text}"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert problem in done.output
