"""The command, whole, on files of a megabyte."""

from __future__ import annotations

import dataclasses

import pytest
from typer.testing import CliRunner

from infra.bench import main
from infra.bench.main import app
from infra.bench.workloads.all import WORKLOADS


@pytest.mark.parametrize("name", WORKLOADS)
def test_it_prints_the_tables_of_the_sizes_that_were_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the first two contenders, who need no S3."""
    workload = WORKLOADS[name]
    few = {name: dataclasses.replace(workload, contenders=workload.contenders[:2])}
    monkeypatch.setattr(main, "WORKLOADS", few)
    arguments = ["convert", name, "--sizes", "1MB", "--largest", "3MB", "--rounds", "1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    words = [line.split() for line in done.stdout.splitlines()]
    [lake] = (line for line in words if "lake.convert" in line and line[-1] == "0.00")
    exact, altered, lost, kept, as_rows, bad_lost, _ = lake[-7:]
    assert (altered, lost, as_rows, bad_lost) == ("0", "0", "0", "0")
    assert int(kept) > 0
    assert int(exact.replace(",", "")) > 1000
    assert [line[:2] for line in words if "conversions" in line] == [["5", "conversions"]]


@pytest.mark.parametrize(
    ("text", "problem"), [("much", "a size such as 25MB or 10GB"), ("1kB", "1.0 MB at least")]
)
def test_what_is_no_size_is_refused(text: str, problem: str) -> None:
    arguments = ["convert", "--sizes", f"25MB,{text}"]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert problem in done.output


def test_an_unknown_workload_is_refused_with_those_that_are_there() -> None:
    done = CliRunner().invoke(app, ["convert", "nope"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "should be one of fixed_width" in done.output
