"""ministack's Glue catalog: databases, tables and their partitions, of the account that calls."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_glue: Any = import_module("ministack.services.glue")

type Table = dict[str, Any]
type Partition = dict[str, Any]


def has_database(name: str) -> bool:
    """Whether there is a database of the name."""
    return name in _glue._databases


def grant_on_new_tables(database: str, permissions: list[Any] | None) -> None:
    """Let Glue answer what the database grants on new tables; None, that it does not say."""
    found = _glue._databases[database]
    found.pop("CreateTableDefaultPermissions", None)
    if permissions is not None:
        found["CreateTableDefaultPermissions"] = permissions


def find_table(database: str, name: str) -> Table | None:
    """The table, or None."""
    table: Table | None = _glue._tables.get(f"{database}/{name}")
    return table


def partitions_of(database: str, table: str) -> list[Partition]:
    """The partitions of a table; a change of the list is a change of the catalog."""
    found: list[Partition] = _glue._partitions.setdefault(f"{database}/{table}", [])
    return found
