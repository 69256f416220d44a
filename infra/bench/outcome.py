"""What a contender made of a file: the rows in its Parquet files, and the bad records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from lake.convert.conversion import REJECTS_FILE
from lake.dataset import DataSet

_AMOUNT = "voltot"
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in the Parquet files of one conversion."""

    rows: int
    """With a value in every column that should have one."""
    broken_rows: int
    """With a missing value in such a column: bad records that passed as quotes."""
    rejects: int
    """Bad records kept beside the rows."""
    total_voltot: Decimal
    """The value traded, summed over the rows that are not broken, to the cent."""


def inspect(folder: Path, *, data_set: DataSet) -> Outcome:
    """Count what a conversion left in `folder`, in bounded memory."""
    required = [column.name for column in data_set.columns if not column.nullable]
    rows = broken_rows = rejects = 0
    total = Decimal()
    for path in folder.rglob("*.parquet"):
        with pq.ParquetFile(path) as file:
            if path.name == REJECTS_FILE:
                rejects += file.metadata.num_rows
                continue
            # A column that is in the path is in no file, and has all of its values.
            columns = [name for name in required if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=columns):
                whole = batch.drop_null()
                rows += whole.num_rows
                broken_rows += batch.num_rows - whole.num_rows
                total += Decimal(pc.sum(whole[_AMOUNT]).as_py() or 0)
    return Outcome(rows, broken_rows, rejects, total.quantize(_CENT))
