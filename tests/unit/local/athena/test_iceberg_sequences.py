"""Any sequence of statements does to a table of Iceberg what it does to rows in Python."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.transforms import (
    BucketTransform,
)

from .iceberg import Icebergs, sorted_rows
from .lake import Lake

Rows = dict[int, int | None]
keys = st.integers(0, 5)
numbers = st.none() | st.integers(0, 3)
sources = st.dictionaries(keys, numbers, min_size=1, max_size=4)


def _literal(value: int | None) -> str:
    return "CAST(NULL AS integer)" if value is None else str(value)


def _merge(rows: Rows, source: Rows) -> tuple[str, Rows]:
    values = ", ".join(f"({key}, {_literal(value)})" for key, value in source.items())
    sql = (
        f"MERGE INTO t USING (VALUES {values}) AS s(k2, v2) ON k = k2"
        " WHEN MATCHED AND v2 IS NULL THEN DELETE"
        " WHEN MATCHED AND v2 > v THEN UPDATE SET v = v2"
        " WHEN NOT MATCHED AND v2 <> 1 THEN INSERT (k, v) VALUES (k2, v2)"
    )
    after = dict(rows)
    for key, new in source.items():
        if key not in rows:
            if new is not None and new != 1:
                after[key] = new
            continue
        old = rows[key]
        if new is None:
            del after[key]
        elif old is not None and new > old:
            after[key] = new
    return sql, after


def _delete(rows: Rows, least: int) -> tuple[str, Rows]:
    kept = {k: v for k, v in rows.items() if v is None or v < least}
    return f"DELETE FROM t WHERE v >= {least}", kept


def _update(rows: Rows, key: int) -> tuple[str, Rows]:
    after = {k: None if v is None else v + 1 if k < key else v for k, v in rows.items()}
    return f"UPDATE t SET v = v + 1 WHERE k < {key}", after


steps = st.one_of(
    sources.map(lambda source: lambda rows: _merge(rows, source)),
    st.integers(0, 4).map(lambda least: lambda rows: _delete(rows, least)),
    keys.map(lambda key: lambda rows: _update(rows, key)),
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=sources, sequence=st.lists(steps, min_size=1, max_size=4))
def test_statements_do_to_a_table_what_they_do_to_rows(
    lake: Lake,
    icebergs: Icebergs,
    start: Rows,
    sequence: list[Callable[[Rows], tuple[str, Rows]]],
) -> None:
    lake.execute("DROP TABLE IF EXISTS t")
    spec = PartitionSpec(PartitionField(1, 1000, BucketTransform(2), "part"))
    table = icebergs.create("t", pa.schema({"k": pa.int32(), "v": pa.int32()}), spec=spec)
    values = ", ".join(f"({key}, {_literal(value)})" for key, value in start.items())
    lake.execute(f"INSERT INTO t VALUES {values}")
    rows = start
    for step in sequence:
        sql, rows = step(rows)
        lake.execute(sql)
        expected = sorted((k, v) for k, v in rows.items())
        assert sorted((row["k"], row["v"]) for row in sorted_rows(table)) == expected
        texts = [(str(k), None if v is None else str(v)) for k, v in expected]
        assert lake.rows("SELECT * FROM t ORDER BY k") == texts
