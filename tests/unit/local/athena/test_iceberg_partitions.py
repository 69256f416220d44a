"""In which partitions rows are written, so that all who prune find them."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec, partition_record_value
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)

from .iceberg import Icebergs, sorted_rows
from .lake import Lake, QueryFailed

ROWS: dict[str, Any] = {
    "id": pa.array([-1, None, 77], pa.int64()),
    "s": ["xyz", None, "ábc"],
    "ts": pa.array(
        [datetime(1969, 12, 31, 23, 30, 0, 123456), None, datetime(2021, 12, 31, 23, 30)],
        pa.timestamp("us"),
    ),
    "d": [date(1969, 12, 31), None, date(2021, 12, 31)],
    "m": pa.array([Decimal("-1.25"), None, Decimal("12345678901234567.25")], pa.decimal128(38, 2)),
    "z": pa.array(
        [datetime(1969, 12, 31, 23, 30, tzinfo=UTC), None, datetime(2021, 1, 1, tzinfo=UTC)],
        pa.timestamp("us", "UTC"),
    ),
}
VALUES = """
  (-1, 'xyz', TIMESTAMP '1969-12-31 23:30:00.123456', DATE '1969-12-31', DECIMAL '-1.25',
   TIMESTAMP '1969-12-31 23:30:00 UTC'),
  (NULL, NULL, NULL, NULL, NULL, NULL),
  (77, 'ábc', TIMESTAMP '2021-12-31 23:30:00', DATE '2021-12-31',
   DECIMAL '12345678901234567.25',
   TIMESTAMP '2021-01-01 00:00:00 UTC')
"""
_TRANSFORMS: list[tuple[str, Transform[Any, Any]]] = [
    *((name, IdentityTransform()) for name in ("id", "s", "ts", "d", "m", "z")),
    *((name, BucketTransform(7)) for name in ("id", "s", "ts", "d", "m", "z")),
    *((name, TruncateTransform(10)) for name in ("id", "m")),
    ("s", TruncateTransform(1)),
    *((name, each()) for name in ("ts", "z") for each in (YearTransform, HourTransform)),
    *((name, each()) for name in ("ts", "d", "z") for each in (MonthTransform, DayTransform)),
]


@pytest.mark.parametrize(("column", "transform"), _TRANSFORMS, ids=str)
def test_rows_go_where_pyiceberg_looks_for_them(
    lake: Lake, icebergs: Icebergs, column: str, transform: Transform[Any, Any]
) -> None:
    schema = pa.table(ROWS).schema
    number = schema.names.index(column) + 1
    field = PartitionField(number, 1000, transform, "part")
    table = icebergs.create("p", schema, spec=PartitionSpec(field))
    lake.execute(f"INSERT INTO p VALUES {VALUES}")
    table.refresh()
    of = table.schema().find_type(number)
    seen = []
    for task in table.scan().plan_files():
        rows = pq.read_table(io.BytesIO(lake.read(task.file.file_path))).to_pylist()
        for row in rows:
            held = partition_record_value(field, row[column], table.schema())
            assert task.file.partition[0] == transform.transform(of)(held)
        seen += [row["id"] for row in rows]
    assert sorted(seen, key=str) == [-1, 77, None]
    assert sorted_rows(table) == sorted(pa.table(ROWS).to_pylist(), key=str)
    for value in (-1, 77):
        literal = lake.rows(f"SELECT s FROM p WHERE id = {value}")
        assert literal == [("xyz",) if value == -1 else ("ábc",)]
    lake.execute("DELETE FROM p WHERE id = 77")
    assert len(sorted_rows(table)) == 2


def test_too_many_partitions_are_refused_unless_they_come_in_order(
    lake: Lake, icebergs: Icebergs
) -> None:
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "x"))
    icebergs.create("p", pa.schema({"x": pa.int32()}), spec=spec)
    query = "SELECT CAST(n AS integer) FROM UNNEST(sequence(1, 101)) AS t(n)"
    message = "ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions"
    with pytest.raises(QueryFailed, match=message):
        lake.execute(f"INSERT INTO p {query}")
    assert lake.rows("SELECT count(*) FROM p") == [("0",)]
    lake.execute(f"INSERT INTO p {query} ORDER BY 1")
    assert lake.rows("SELECT count(*) FROM p") == [("101",)]
