"""DuckDB in one pass: objects read with the types of the columns, NULL where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from lake.dataset import JsonColumn, JsonDataSet
from lake.dataset.nested import Array, NestedType, Struct

_TYPES = {"string": "VARCHAR", "int": "INTEGER"}


def convert(data_set: JsonDataSet, source: str, folder: Path) -> None:
    """Convert with `read_json` and `ignore_errors`: what is no JSON is all NULL."""
    fields = ", ".join(f"{_expression(each)} AS {each.name}" for each in data_set.columns)
    records = (
        "read_json($source, format='newline_delimited', ignore_errors=true, "
        f"columns={{{_members(_tree(data_set), ': ', quote=True)}}})"
    )
    # It would take as many threads as the machine has cores, not the process.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (SELECT {fields} FROM {records}) TO $target (FORMAT parquet)",  # noqa: S608  # the data set's own names
            {"source": source, "target": str(folder / "rows.parquet")},
        )


def _tree(data_set: JsonDataSet) -> dict[str, Any]:
    """The types of the columns, nested as their paths are."""
    tree: dict[str, Any] = {}
    for column in data_set.columns:
        inner = tree
        for key in column.keys[:-1]:
            inner = inner.setdefault(str(key), {})
        kind = "BIGINT" if column.epoch else _duckdb_type(column.nested_type)
        inner[str(column.keys[-1])] = kind
    return tree


def _members(tree: dict[str, Any], between: str, *, quote: bool = False) -> str:
    members = []
    for name, inner in tree.items():
        kind = f"STRUCT({_members(inner, ' ')})" if isinstance(inner, dict) else inner
        members.append(f"""'{name}'{between}'{kind}'""" if quote else f'"{name}"{between}{kind}')
    return ", ".join(members)


def _duckdb_type(kind: NestedType) -> str:
    match kind:
        case Array(element):
            return f"{_duckdb_type(element)}[]"
        case Struct(members):
            inner = ", ".join(f'"{name}" {_duckdb_type(each)}' for name, each in members)
            return f"STRUCT({inner})"
        case _:
            return _TYPES.get(kind.text, kind.text.upper())


def _expression(column: JsonColumn) -> str:
    value = ".".join(f'"{key}"' for key in column.keys)
    return f"make_timestamp_ms({value})" if column.epoch else value
