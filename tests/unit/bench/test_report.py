"""The tables show what was measured, and fit a terminal."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.bench.contenders import CONTENDERS, LAKE
from infra.bench.measure import Usage
from infra.bench.outcome import Outcome
from infra.bench.report import costs, growth, machine, outcomes, size_text
from infra.bench.rounds import Result
from infra.bench.sample import Sample

TOTAL = Decimal("870291432985.55")
SMALL = Sample(Path("small.TXT"), 2_500_000, 10_109, 10, Decimal(5))
LARGE = Sample(Path("large.TXT"), 250_000_000, 1_011_131, 1_012, TOTAL)
LAKE_OUTCOME = Outcome(rows=1_011_131, broken_rows=0, rejects=1_012, total_voltot=TOTAL)
PANDAS_OUTCOME = Outcome(
    rows=1_011_131, broken_rows=759, rejects=0, total_voltot=TOTAL - Decimal("45501.23")
)


def used(cpu_seconds: float) -> Usage:
    return Usage(cpu_seconds=cpu_seconds, wall_seconds=cpu_seconds + 1, peak_bytes=2_500_000_000)


RESULTS = [
    Result(LAKE, SMALL, Outcome(10_109, 0, 10, Decimal(5)), [used(0.5)]),
    Result(LAKE, LARGE, LAKE_OUTCOME, [used(9), used(2), used(2.5)]),
    Result(CONTENDERS[2], LARGE, PANDAS_OUTCOME, [used(25)]),
]


def lines(table: Table) -> list[list[str]]:
    """The words of each line on a terminal of 80 characters."""
    text = io.StringIO()
    Console(file=text, width=80).print(table)
    return [line.split() for line in text.getvalue().splitlines() if line.strip()]


def test_costs_are_medians_beside_the_lakes_for_files_that_were_compared() -> None:
    assert lines(costs(RESULTS))[3:] == [
        ["250", "MB", "lake.convert", "2.50", "3.50", "100.0", "2,500", "1.0"],
        ["250", "MB", "pandas.read_fwf", "25.00", "26.00", "10.0", "2,500", "10.0"],
    ]


def test_outcomes_account_for_every_bad_record() -> None:
    assert lines(outcomes(RESULTS))[3:] == [
        ["250", "MB", "lake.convert", "1,011,131", "1,012", "0", "0", "0.00"],
        ["250", "MB", "pandas.read_fwf", "1,011,131", "0", "759", "253", "-45,501.23"],
    ]


def test_growth_is_the_lakes_alone() -> None:
    assert lines(growth(RESULTS))[3:] == [
        ["2.5", "MB", "10,109", "0.50", "1.50", "5.0", "2,500"],
        ["250", "MB", "1,011,131", "2.50", "3.50", "100.0", "2,500"],
    ]


def test_the_machine_is_described_with_its_versions_and_load() -> None:
    text = machine(load_before=0.25)
    assert all(word in text for word in ("cores", "load average 0.2 before", "duckdb", "pandas"))


def test_sizes_are_in_millions_of_bytes() -> None:
    assert [size_text(n) for n in (1_000_000, 9_999_000, 24_999_000, 10_000_000_000)] == [
        "1.0 MB",
        "10 MB",
        "25 MB",
        "10,000 MB",
    ]
