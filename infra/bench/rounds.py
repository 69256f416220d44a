"""Every contender on every file, in turn, round after round."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from lake.dataset import load_data_set

from infra.bench.contenders import DATA_SET, Contender
from infra.bench.measure import Usage, measure
from infra.bench.outcome import Outcome, inspect
from infra.bench.sample import Sample


class RowsLost(Exception):
    """A contender did not give every good row, so that its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's conversions of a file."""

    contender: Contender
    sample: Sample
    outcome: Outcome
    usages: Sequence[Usage]
    """A round each."""

    @property
    def cpu_seconds(self) -> float:
        """Median of the rounds."""
        return median(usage.cpu_seconds for usage in self.usages)

    @property
    def wall_seconds(self) -> float:
        """Median of the rounds."""
        return median(usage.wall_seconds for usage in self.usages)

    @property
    def peak_bytes(self) -> float:
        """Median of the rounds."""
        return median(usage.peak_bytes for usage in self.usages)

    @property
    def lost(self) -> int:
        """Bad records that are neither kept nor among the rows."""
        return self.sample.malformed - self.outcome.rejects - self.outcome.broken_rows

    @property
    def total_error(self) -> Decimal:
        """By how much the value traded of the good rows is off."""
        return self.outcome.total_voltot - self.sample.total_voltot


def run_rounds(
    pairs: Sequence[tuple[Contender, Sample]],
    *,
    rounds: int,
    folder: Path,
    say: Callable[[str], None],
) -> list[Result]:
    """Convert each file by its contender, all of them once a round.

    Args:
        pairs: who converts what; the results are in their order.
        rounds: 1 at least. What a conversion gives is looked at in the first.
        folder: where what is converted goes, and is removed again.
        say: told of each conversion.

    Raises:
        CommandFailed: a conversion failed.
        RowsLost: it gave other good rows than the file has.
    """
    usages: list[list[Usage]] = [[] for _ in pairs]
    outcomes: list[Outcome] = []
    for number in range(1, rounds + 1):
        for (contender, sample), used in zip(pairs, usages, strict=True):
            with TemporaryDirectory(dir=folder) as output:
                used.append(_convert(contender, sample, output))
                if number == 1:
                    outcomes.append(_outcome(contender, sample, Path(output)))
            say(
                f"round {number} of {rounds}: {contender.name}, "
                f"{sample.size_bytes / 1e6:.1f} MB, {used[-1].wall_seconds:.1f} s"
            )
    return [
        Result(contender, sample, outcome, used)
        for (contender, sample), outcome, used in zip(pairs, outcomes, usages, strict=True)
    ]


def _convert(contender: Contender, sample: Sample, folder: str) -> Usage:
    package = "infra.bench.contenders"
    return measure([sys.executable, "-m", package, contender.module, str(sample.path), folder])


def _outcome(contender: Contender, sample: Sample, folder: Path) -> Outcome:
    outcome = inspect(folder, data_set=load_data_set(DATA_SET))
    if outcome.rows != sample.rows:
        raise RowsLost(f"{contender.name} gave {outcome.rows} good rows of {sample.rows}")
    return outcome
