"""Which tables are watched: those that files are loaded into, those that have to be fresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lake.dataset import find_data_sets, load_data_set
from lake.dataset.check import Declared
from lake.dataset.checks import Checks
from lake.models.graph import Graph
from lake.quality.documents import CheckedTable


@dataclass(frozen=True, kw_only=True)
class WatchedTables:
    """Tables by their names in the environment's database."""

    loaded: tuple[str, ...]
    """Those of the data sets."""
    fresh: tuple[str, ...]
    """Those whose file, of a data set or of a model, has a check of the whole table's age."""


def watched_tables(data_sets: Path, models: Graph) -> WatchedTables:
    """The tables of the data sets below a folder, and of the models.

    Raises:
        lake.dataset.DataSetError: a data set file is wrong.
    """
    loaded = [CheckedTable.of(load_data_set(path)) for path in find_data_sets(data_sets)]
    checked = [(table.name, table.checks, table.declared) for table in loaded]
    for node in models.nodes.values():
        model = node.model
        declared = Declared(types=model.column_types, keys=model.keys, day=model.by_day)
        checked.append((model.table_name, model.checks, declared))
    return WatchedTables(loaded=tuple(table.name for table in loaded), fresh=tuple(_fresh(checked)))


def _fresh(tables: Iterable[tuple[str, Checks, Declared]]) -> list[str]:
    return [
        name
        for name, checks, declared in tables
        if any(check.over_table(declared) for check in checks.freshness)
    ]
