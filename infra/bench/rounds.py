"""Every contender on every file, in turn, round after round."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from lake.dataset import load_data_set

from infra.bench.contenders import ENCODING, LAKE, Contender
from infra.bench.contenders.encoding import SECONDS_FILE
from infra.bench.measure import CommandFailed, Usage, measure
from infra.bench.object_store import object_store
from infra.bench.outcome import Outcome, inspect
from infra.bench.workloads import Sample, Workload


class RowsLost(Exception):
    """The lake did not give every good row and keep every bad one: its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's conversions of a file."""

    contender: Contender
    sample: Sample
    outcome: Outcome | None
    """None for the encoding alone, which converts nothing."""
    usages: Sequence[Usage]
    """A round each; none where it ends with an error instead of converting the file."""

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
    def bad_lost(self) -> int:
        """Bad records that are neither kept nor among the rows."""
        return self.sample.malformed - self._found.kept - self._found.bad_as_rows

    @property
    def rows_lost(self) -> int:
        """Good records that are not among the rows."""
        return self.sample.rows - self._found.exact - self._found.altered

    @property
    def amount_error(self) -> Decimal:
        """By how much the amount of all rows is off."""
        return self._found.amount - self.sample.amount

    @property
    def _found(self) -> Outcome:
        if self.outcome is None:
            raise ValueError(f"{self.contender.name} converts nothing")
        return self.outcome


def run_rounds(
    workload: Workload,
    sample: Sample,
    *,
    contenders: Sequence[Contender],
    rounds: int,
    folder: Path,
    say: Callable[[str], None],
) -> list[Result]:
    """Convert a file by all contenders, once a round each, then write the lake's rows again.

    Args:
        contenders: the lake first: what it gives is checked against what was generated, and the
            others are compared with it.
        rounds: 1 at least. What a conversion gives is looked at in the first.
        folder: where what is converted goes, and is removed again.
        say: told of each conversion.

    Raises:
        CommandFailed: the lake's conversion failed; another contender's is no result.
        RowsLost: the lake gave other rows than the file has.
    """
    everyone = [*contenders, ENCODING]
    usages: dict[Contender, list[Usage]] = {each: [] for each in everyone}
    outcomes: dict[Contender, Outcome] = {}
    with TemporaryDirectory(dir=folder) as kept, ExitStack() as stack:
        truth = Path(kept) / "lake"
        copy = Path(kept) / f"utf-8{sample.path.suffix}"
        sources = _sources(workload, sample, contenders, copy=copy, stack=stack)
        sources[ENCODING] = str(truth)
        for number in range(1, rounds + 1):
            for each in everyone:
                said = f"{workload.name}, {each.name}, {sample.size_bytes / 1e6:.1f} MB"
                if number > 1 and not usages[each]:
                    continue
                with TemporaryDirectory(dir=folder) as temporary:
                    output = Path(temporary) / "output"
                    output.mkdir()
                    try:
                        used = _convert(workload, each, sources[each], output)
                    except CommandFailed as failure:
                        if each == LAKE:
                            raise
                        say(f"{said}: {failure}")
                        continue
                    usages[each].append(used)
                    if each == LAKE and number == 1:
                        output.rename(truth)
                        outcomes[each] = _lake_outcome(workload, sample, truth)
                    elif each != ENCODING and number == 1:
                        outcomes[each] = _outcome(workload, output, truth)
                say(f"round {number} of {rounds}: {said}, {used.wall_seconds:.1f} s")
    return [Result(each, sample, outcomes.get(each), usages[each]) for each in everyone]


def _sources(
    workload: Workload,
    sample: Sample,
    contenders: Sequence[Contender],
    *,
    copy: Path,
    stack: ExitStack,
) -> dict[Contender, str]:
    """What each contender reads: the file, or `copy` of it in UTF-8, or the file in an S3."""
    sources = {each: str(sample.path) for each in contenders}
    for each in contenders:
        if each.reads_s3:
            sources[each] = stack.enter_context(object_store()).put(sample.path)
        elif each.reads_utf8:
            if not copy.exists():
                encoding = load_data_set(workload.data_set).layout.encoding
                _write_utf8(sample.path, copy, encoding=encoding)
            sources[each] = str(copy)
    return sources


def _write_utf8(path: Path, copy: Path, *, encoding: str) -> None:
    with (
        path.open(encoding=encoding, errors="replace", newline="") as file,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        shutil.copyfileobj(file, target)


def _convert(workload: Workload, contender: Contender, source: str, folder: Path) -> Usage:
    """One conversion in a fresh process; of the encoding, the time of that alone."""
    package = "infra.bench.contenders"
    data_set = str(workload.data_set)
    used = measure([sys.executable, "-m", package, contender.module, data_set, source, str(folder)])
    if contender != ENCODING:
        return used
    seconds = float((folder / SECONDS_FILE).read_text())
    return Usage(cpu_seconds=seconds, wall_seconds=seconds, peak_bytes=used.peak_bytes)


def _outcome(workload: Workload, folder: Path, truth: Path | None) -> Outcome:
    data_set = load_data_set(workload.data_set)
    return inspect(folder, truth=truth, data_set=data_set, amount=workload.amount)


def _lake_outcome(workload: Workload, sample: Sample, folder: Path) -> Outcome:
    found = _outcome(workload, folder, None)
    expected = (sample.rows, sample.malformed, sample.amount)
    if (found.rows, found.kept, found.amount) != expected:
        raise RowsLost(
            f"{LAKE.name} gave {found.rows} rows, {found.kept} rejects and a total of "
            f"{found.amount} for {sample.path.name}, which has {', '.join(map(str, expected))}"
        )
    return found
