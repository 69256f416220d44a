"""The Glue database and the Athena work group, as the stages need them, through awswrangler."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lake.dataset import DataSet

if TYPE_CHECKING:
    from types import ModuleType


def column_types(data_set: DataSet) -> dict[str, str]:
    """The Glue types of the columns that are in the files."""
    return {column.name: column.glue_type for column in data_set.file_columns}


def partition_types(data_set: DataSet) -> dict[str, str]:
    """The Glue types of the columns that are in the paths."""
    return {column.name: column.glue_type for column in data_set.partition_columns}


class TableMismatch(RuntimeError):
    """The table in Glue has other columns than the data set file."""


class Catalog:
    """The tables of one environment."""

    def __init__(self, *, database: str, workgroup: str) -> None:
        self.database = database
        self.workgroup = workgroup

    @cached_property
    def _wr(self) -> ModuleType:
        import awswrangler  # noqa: PLC0415  # seconds and 100 MB, wanted in tasks alone

        return awswrangler

    def ensure_table(self, data_set: DataSet, *, location: str) -> None:
        """Create the data set's table, unless it is there.

        Raises:
            TableMismatch: the table that is there has other columns or partitions.
        """
        columns, partitions = column_types(data_set), partition_types(data_set)
        there = self._wr.catalog.get_table_types(database=self.database, table=data_set.table_name)
        if there is None:
            self._wr.catalog.create_parquet_table(
                database=self.database,
                table=data_set.table_name,
                path=location,
                columns_types=columns,
                partitions_types=partitions,
                description=data_set.description,
                columns_comments={c.name: c.description for c in data_set.columns},
                compression="zstd",
            )
        elif there != columns | partitions:
            differing = sorted(dict(there.items() ^ (columns | partitions).items()))
            raise TableMismatch(
                f"table {self.database}.{data_set.table_name} differs from "
                f"datasets/{data_set.domain}/{data_set.table}.yaml in: {', '.join(differing)}"
            )

    def add_partitions(self, data_set: DataSet, partitions: Mapping[str, dict[str, str]]) -> None:
        """Register partitions, each location with its values; those that are there stay."""
        self._wr.catalog.add_parquet_partitions(
            database=self.database,
            table=data_set.table_name,
            partitions_values={uri: list(values.values()) for uri, values in partitions.items()},
            columns_types=column_types(data_set),
            compression="zstd",
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows that Athena answers, each by column name."""
        frame = self._wr.athena.read_sql_query(
            sql, database=self.database, workgroup=self.workgroup, ctas_approach=False
        )
        return list(frame.to_dict(orient="records"))
