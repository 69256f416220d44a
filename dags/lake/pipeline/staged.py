"""The staged table: what a run converted, as Athena reads it before any reader does.

A table `<table>_staged` beside the data set's, whose partitions are the folders of conversions.
They are computed from the query and never registered
(https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lake.dataset.column import SOURCE_KEY
from lake.pipeline.documents import Part
from lake.pipeline.external_table import ensure_external_table
from lake.pipeline.lake import Lake

RUN, CONVERSION = "lake_run", "lake_conversion"
"""The partition keys: the run and the conversion, as the folders are named."""
SEPARATOR = 31
"""ASCII's unit separator, between the source keys of an answer."""
PARTITIONS_A_QUERY = 200
"""Athena takes 262,144 bytes of SQL; this many partition values stay far below."""


@dataclass(frozen=True)
class Staged:
    """What some conversions of a run left for the table."""

    lake: Lake
    run: str
    conversions: Sequence[str]
    parts: Sequence[Part]

    @property
    def name(self) -> str:
        """The table's name in Glue."""
        return f"{self.lake.data_set.table_name}_staged"

    def ensure(self) -> None:
        """Create the table, or give it the data set's columns."""
        lake, prefix = self.lake, f"{self.lake.rows.prefix}data/"
        columns = {column.name: column.glue_type for column in lake.data_set.columns}
        location = f"s3://{lake.store.curated_bucket}/{prefix}${{{RUN}}}/${{{CONVERSION}}}/"
        ensure_external_table(
            lake.warehouse,
            name=self.name,
            columns=columns | {SOURCE_KEY: "string"},
            prefix=prefix,
            description=f"What a run adds to {lake.data_set.table_name}, before it is published",
            partition_keys={RUN: "string", CONVERSION: "string"},
            parameters={
                "projection.enabled": "true",
                f"projection.{RUN}.type": "injected",
                f"projection.{CONVERSION}.type": "injected",
                "storage.location.template": location,
            },
        )

    def rows_by_part(self) -> Iterator[tuple[str, str, int]]:
        """Key of the part, source key and rows, for each source of each object there is."""
        start = len(f"s3://{self.lake.store.curated_bucket}/")
        for row in self._query(
            f'SELECT "$path" AS path, {SOURCE_KEY}, count(*) AS n FROM {self._from} GROUP BY 1, 2'  # noqa: S608  # names of the data set file, held to [a-z0-9_], and safe_name's
        ):
            yield str(row["path"])[start:], str(row[SOURCE_KEY]), int(row["n"] or 0)

    def same_keys(self) -> Iterator[tuple[str, ...]]:
        """The source keys, sorted, that have rows of the same keys: twice that of one by itself."""
        keys = ", ".join(f'"{key}"' for key in self.lake.data_set.keys)
        element = f"IF(n > 1, {SOURCE_KEY} || chr({SEPARATOR}) || {SOURCE_KEY}, {SOURCE_KEY})"
        for row in self._query(
            "SELECT DISTINCT sources FROM ("  # noqa: S608  # as above
            f"SELECT array_join(array_sort(array_agg({element})), chr({SEPARATOR})) AS sources "
            f"FROM (SELECT {keys}, {SOURCE_KEY}, count(*) AS n FROM {self._from} "
            f"GROUP BY {keys}, {SOURCE_KEY}) GROUP BY {keys} HAVING sum(n) > 1)"
        ):
            yield tuple(str(row["sources"]).split(chr(SEPARATOR)))

    def held_keys(self) -> Iterator[tuple[str, str]]:
        """Source keys of the run, each with one whose rows of the same keys the table holds."""
        data_set = self.lake.data_set
        columns = {column.name: column for column in data_set.columns}
        equal = " AND ".join(
            f's."{key}" IS NOT DISTINCT FROM t."{key}"'
            if columns[key].nullable
            else f's."{key}" = t."{key}"'
            for key in data_set.keys
        )
        for where in self._partitions():
            for row in self._query(
                f"SELECT s.{SOURCE_KEY} AS staged, t.{SOURCE_KEY} AS held "  # noqa: S608  # as above
                f"FROM (SELECT * FROM {self._from}) s "
                f'JOIN (SELECT * FROM "{data_set.table_name}"{where}) t ON {equal} '
                "GROUP BY 1, 2"
            ):
                yield str(row["staged"]), str(row["held"])

    @property
    def _from(self) -> str:
        listed = ", ".join(f"'{conversion}'" for conversion in self.conversions)
        return f"\"{self.name}\" WHERE {RUN} = '{self.run}' AND {CONVERSION} IN ({listed})"

    def _partitions(self) -> Iterator[str]:
        """WHERE clauses, one a query, for the partitions where rows of the same keys can be."""
        data_set = self.lake.data_set
        if not data_set.partitions or not set(data_set.partitions) <= set(data_set.keys):
            yield ""
            return
        yield from partition_conditions(self.lake, self.parts)

    def _query(self, sql: str) -> list[dict[str, str | None]]:
        return self.lake.athena.query(sql) if self.conversions else []


def partition_conditions(lake: Lake, parts: Collection[Part]) -> Iterator[str]:
    """WHERE clauses, one a query, that select the partitions of these parts."""
    values = sorted({tuple(part.partition.items()) for part in parts})
    if not lake.data_set.partitions:
        yield ""
        return
    for start in range(0, len(values), PARTITIONS_A_QUERY):
        chosen = values[start : start + PARTITIONS_A_QUERY]
        yield " WHERE " + " OR ".join(_equals(lake, partition) for partition in chosen)


def _equals(lake: Lake, partition: Sequence[tuple[str, str]]) -> str:
    """`("data" = DATE '2021-06-25')`: a literal of the partition's type, so that Athena prunes."""
    types = {column.name: column.kind for column in lake.data_set.partition_columns}
    terms = []
    for name, value in partition:
        quoted = "'" + value.replace("'", "''") + "'"
        literal = {"string": quoted, "date": f"DATE {quoted}"}.get(types[name], value)
        terms.append(f'"{name}" = {literal}')
    return "(" + " AND ".join(terms) + ")"
