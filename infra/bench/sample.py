"""Files of quotes of any size, a thousandth of their records malformed."""

from __future__ import annotations

import datetime
import os
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from infra.samples.cotahist import RECORD_BYTES, write_quotes

SMALLEST_BYTES = 1_000_000
"""Has a malformed line of each kind."""

_FIRST_DAY = datetime.date(2024, 1, 2)
_RECORDS_A_MALFORMED = 1000
_LINE_BYTES = RECORD_BYTES + len(b"\r\n")
_TRAILER_COUNT_OFFSET = 31
_TRAILER_COUNT_DIGITS = 11


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of quotes and what it holds."""

    path: Path
    size_bytes: int
    rows: int
    """Good quotes."""
    malformed: int
    """Lines that are no quote."""
    total_voltot: Decimal
    """The value traded, summed over the good quotes."""


def write_sample(path: Path, *, size_bytes: int, most_records_a_day: int = 20_000_000) -> Sample:
    """Write a file of quotes; the same arguments give the same bytes.

    Args:
        path: the file, replaced where it exists.
        size_bytes: about how large it gets, `SMALLEST_BYTES` at least.
        most_records_a_day: the days of a file follow each other; this makes another one. There are
            not many more papers that could be quoted on a day.
    """
    records = size_bytes // _LINE_BYTES - 2
    day_path = path.with_suffix(".day")
    rows = malformed = 0
    total = Decimal()
    with path.open("wb") as file:
        for index, first in enumerate(range(0, records, most_records_a_day)):
            count = min(most_records_a_day, records - first)
            truth = write_quotes(
                day_path,
                trading_day=_FIRST_DAY + datetime.timedelta(days=index),
                rows=count - count // _RECORDS_A_MALFORMED,
                malformed=count // _RECORDS_A_MALFORMED,
            )
            rows += truth.rows
            malformed += truth.malformed
            total += truth.total_voltot
            with day_path.open("rb") as day:
                if index:  # one header and one trailer: go on in the place of the last trailer
                    day.seek(_LINE_BYTES)
                    file.seek(-_LINE_BYTES, os.SEEK_END)
                shutil.copyfileobj(day, file)
        file.seek(_TRAILER_COUNT_OFFSET - _LINE_BYTES, os.SEEK_END)
        file.write(str(records + 2).zfill(_TRAILER_COUNT_DIGITS).encode())
    day_path.unlink()
    return Sample(path, path.stat().st_size, rows, malformed, total)
