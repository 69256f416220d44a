"""The star of the music service in the embedded Athena, and what its rows should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from lake.models.days import in_statements
from lake.models.graph import Graph, Node
from lake.models.prepare import versions_of
from lake.models.statements import days_in_sql, load
from lake.targets import TableDefinition
from lake.targets.athena import AthenaTarget

from tests.music_truth import STAGING, STAR, MusicTruth, Table
from tests.unit.lake.models.music import as_text
from tests.unit.local.athena.iceberg import Icebergs


class Star:
    """The staging tables with the truth's rows, and the star's models over them."""

    def __init__(self, target: AthenaTarget, endpoint: str, graph: Graph) -> None:
        self.target, self.graph = target, graph
        self._catalog = Icebergs.at(endpoint).catalog
        for name, data_set in graph.data_sets.items():
            self._ensure(name, f"{name}/", data_set.columns, data_set.partitions)
        for node in graph.of("music"):
            target.ensure(node.model.definition)

    def _ensure(self, name: str, folder: str, columns: Any, partitions: Sequence[str]) -> None:
        self.target.ensure(
            TableDefinition(
                name=name,
                folder=folder,
                description=name,
                columns=columns,
                partitioning=tuple(partitions),
            )
        )

    def stage(self, truth: MusicTruth, *names: str) -> None:
        """Fill staging tables with what the files say."""
        for name in names or STAGING:
            staged = self._catalog.load_table(f"lake.{name}")
            schema = staged.schema().as_arrow()
            staged.append(pa.Table.from_pylist(truth.table(name).records(), schema=schema))

    def compute(self, days: Sequence[str]) -> None:
        """Each model after those that it reads."""
        for node in self.graph.of("music"):
            self.compute_one(node, days)

    def compute_one(self, node: Node, days: Sequence[str]) -> None:
        if node.model.by_day:
            for some in in_statements(days):
                self.target.execute(load(node.model, node.query, days=days_in_sql(some)))
        else:
            self.target.execute(load(node.model, node.query))

    def rows(self, like: Table, name: str) -> list[tuple[str | None, ...]]:
        columns = ", ".join(f'"{column}"' for column in like.columns)
        return sorted(
            (tuple(row.values()) for row in self.target.query(f'SELECT {columns} FROM "{name}"')),
            key=str,
        )

    def is_as(self, truth: MusicTruth) -> bool:
        """Whether every table of the star has the truth's rows; pytest shows the first that not."""
        for name in STAR:
            table = truth.table(name)
            assert self.rows(table, name) == sorted(
                (as_text(row, "athena") for row in table.rows), key=str
            ), name
        return True

    def versions(self) -> dict[str, int | None]:
        """The current snapshots of what the models read."""
        names = [("lake", table) for table in self.graph.sources("music")]
        return dict(versions_of(names, self._catalog))

    def snapshots(self) -> dict[str, str | None]:
        return {
            name: self.target.query(f'SELECT count(*) AS n FROM "{name}$snapshots"')[0]["n"]
            for name in STAR
        }
