"""The tables show what was measured."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.bench.contenders import ENCODING, LAKE
from infra.bench.measure import Usage
from infra.bench.outcome import Outcome
from infra.bench.report import costs, growth, machine, outcomes, size_text, together
from infra.bench.rounds import Result
from infra.bench.together import Together
from infra.bench.workloads import Sample
from infra.bench.workloads.fixed_width import WORKLOAD

SMALL = Sample(Path("small.TXT"), 50_000_000, 10_109, 10, Decimal(5))
LARGE = Sample(Path("large.TXT"), 250_000_000, 1_000, 12, Decimal("870291.55"))
[PANDAS] = (each for each in WORKLOAD.contenders if each.name == "pandas.read_fwf")


def used(cpu_seconds: float) -> Usage:
    return Usage(cpu_seconds=cpu_seconds, wall_seconds=cpu_seconds + 1, peak_bytes=2_500_000_000)


def outcome(*, exact: int, altered: int = 0, bad: int = 0, kept: int = 0, amount: str) -> Outcome:
    return Outcome(exact=exact, altered=altered, bad_as_rows=bad, kept=kept, amount=Decimal(amount))


RESULTS = [
    Result(LAKE, SMALL, outcome(exact=10_109, kept=10, amount="5"), [used(0.5)]),
    Result(ENCODING, SMALL, None, [used(0.25)]),
    Result(
        LAKE, LARGE, outcome(exact=1_000, kept=12, amount="870291.55"), [used(9), used(2.5)] * 2
    ),
    Result(PANDAS, LARGE, outcome(exact=900, altered=90, bad=7, amount="825000.00"), [used(23)]),
    Result(ENCODING, LARGE, None, [used(2.3)]),
]


def lines(table: Table) -> list[list[str]]:
    """The words of each line."""
    text = io.StringIO()
    Console(file=text, width=110).print(table)
    return [line.split() for line in text.getvalue().splitlines() if line.strip()]


def test_costs_are_medians_beside_the_lakes_for_files_that_were_compared() -> None:
    assert lines(costs(RESULTS))[3:] == [
        ["250", "MB", "lake.convert", "5.75", "6.75", "43.5", "2,500", "1.00"],
        ["250", "MB", "pandas.read_fwf", "23.00", "24.00", "10.9", "2,500", "4.00"],
        ["250", "MB", "encoding", "alone", "2.30", "3.30", "108.7", "2,500", "0.40"],
    ]


def test_outcomes_account_for_every_record() -> None:
    assert lines(outcomes(RESULTS))[3:] == [
        ["250", "MB", "lake.convert", "1,000", "0", "0", "12", "0", "0", "0.00"],
        ["250", "MB", "pandas.read_fwf", "900", "90", "10", "0", "7", "5", "-45,291.55"],
    ]


def test_growth_is_the_lakes_alone_with_the_speed_of_what_a_file_has_more() -> None:
    assert lines(growth(RESULTS))[3:] == [
        ["50", "MB", "10,109", "0.50", "100.0", "50%", "2,500"],
        ["250", "MB", "1,000", "5.75", "43.5", "38.1", "40%", "2,500"],
    ]


def test_conversions_at_once_are_added_up() -> None:
    result = Together(SMALL, (used(1),) * 5, wall_seconds=5.5, peak_bytes=631_000_000)
    assert lines(together(result))[3:] == [["50", "MB", "5.00", "5.50", "50.0", "631"]]


def test_the_machine_is_described_with_its_versions_and_load() -> None:
    text = machine(load_before=0.25)
    assert all(word in text for word in ("cores", "load average 0.2 before", "duckdb", "polars"))


def test_sizes_are_in_millions_of_bytes() -> None:
    assert [size_text(n) for n in (1_000_000, 9_999_000, 24_999_000, 10_000_000_000)] == [
        "1.0 MB",
        "10 MB",
        "25 MB",
        "10,000 MB",
    ]
