"""ministack's Glue catalog: tables and their partitions, of the account that calls."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_glue: Any = import_module("ministack.services.glue")

type Table = dict[str, Any]
type Partition = dict[str, Any]


def find_table(database: str, name: str) -> Table | None:
    """The table, or None."""
    table: Table | None = _glue._tables.get(f"{database}/{name}")
    return table


def partitions_of(database: str, table: str) -> list[Partition]:
    """The partitions of a table; a change of the list is a change of the catalog."""
    found: list[Partition] = _glue._partitions.setdefault(f"{database}/{table}", [])
    return found
