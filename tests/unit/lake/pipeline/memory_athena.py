"""Athena in memory: the lake's own statements, run by DuckDB on what the tables hold."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from lake.dataset.column import SOURCE_KEY
from lake.pipeline.athena import Row
from lake.pipeline.lake import Lake
from lake.pipeline.staged import CONVERSION, RUN

DUCKDB = duckdb.connect(config={"threads": 1})
"""One for all: to connect takes longer than to answer."""


@lru_cache(maxsize=10_000)
def _duckdbs(sql: str) -> str:
    return sqlglot.transpile(sql, read="athena", write="duckdb")[0]


class MemoryAthena:
    """Answers what the stages ask of one data set's table and of its staged one."""

    database, workgroup = "lake_test", "primary"

    def __init__(self) -> None:
        self.lake: Lake | None = None
        self.asked: list[str] = []
        self._read: dict[str, pa.Table] = {}
        self._duckdb = DUCKDB.cursor()

    def query(self, sql: str) -> list[Row]:
        """The rows, each value as text."""
        assert self.lake is not None
        self.asked.append(sql)
        name = self.lake.data_set.table_name
        if f'"{name}_staged"' in sql:
            self._duckdb.register(f"{name}_staged", self._staged())
        if f'"{name}"' in sql:
            self._duckdb.register(name, self._live())
        cursor = self._duckdb.execute(sqlglot.transpile(sql, read="athena", write="duckdb")[0])
        names = [column[0] for column in cursor.description or ()]
        return [
            {n: None if v is None else str(v) for n, v in zip(names, row, strict=True)}
            for row in cursor.fetchall()
        ]

    def _live(self) -> pa.Table:
        assert self.lake is not None
        return self._table([self._object(part.key) for part in self.lake.rows.parts()])

    def _staged(self) -> pa.Table:
        assert self.lake is not None
        prefix = f"{self.lake.rows.prefix}data/"
        tables = []
        for key in self.lake.store.sizes(prefix):
            run, conversion, *_ = key.removeprefix(prefix).split("/")
            table = self._object(key)
            more = {RUN: run, CONVERSION: conversion, "$path": f"s3://curated/{key}"}
            for name, value in more.items():
                table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
            tables.append(table)
        return self._table(tables, RUN, CONVERSION, "$path")

    def _object(self, key: str) -> pa.Table:
        assert self.lake is not None
        if key not in self._read:
            body = self.lake.store.get_bytes(key)
            table = pq.read_table(io.BytesIO(body))
            self._read[key] = table.cast(
                pa.schema([pa.field(f.name, _plain(f.type)) for f in table.schema])
            )
        return self._read[key]

    def _table(self, tables: list[pa.Table], *more: str) -> pa.Table:
        assert self.lake is not None
        if tables:
            return pa.concat_tables(tables, promote_options="permissive")
        names = [*(c.name for c in self.lake.data_set.columns), SOURCE_KEY, *more]
        return pa.table({name: pa.array([], pa.string()) for name in names})


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
