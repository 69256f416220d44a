"""What is converted: a data set, its files at any size, and who converts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from infra.bench.contenders import Contender

DATA_SETS = Path(__file__).resolve().parents[3] / "dags" / "datasets"

SMALLEST_BYTES = 1_000_000
"""Of a file: it has a malformed record of each kind."""
RECORDS_A_MALFORMED = 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what it holds."""

    path: Path
    size_bytes: int
    rows: int
    """Good records."""
    malformed: int
    """Records that are no row."""
    amount: Decimal
    """The workload's amount, summed over the good records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Files of one format."""

    name: str
    data_set: Path
    amount: str
    """The column that is summed, to the cent."""
    suffix: str
    """Of a file's name."""
    write: Callable[[Path, int], Sample]
    """Writes a file of about so many bytes; the same arguments give the same bytes."""
    contenders: tuple[Contender, ...]
    """The lake first."""
