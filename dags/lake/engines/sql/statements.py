"""What Athena is asked for one file: a table of its lines, counts, rows and rejects.

Sources: https://docs.aws.amazon.com/athena/latest/ug/create-table.html and unload.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lake.engines.documents import LandedObject
from lake.engines.sql.dialect import Athena
from lake.engines.sql.rules import Rules

MOST_PARTITIONS = 100
"""That one UNLOAD may write."""
MOST_STATEMENT_BYTES = 262_144
"""Of a statement that Athena takes
(https://docs.aws.amazon.com/athena/latest/ug/service-limits.html)."""

_ATHENA = Athena()
_NULL_LINE = r"\N"
"""LazySimpleSerDe reads a line of just these characters as NULL."""

type Partition = tuple[str, ...]


def create_lines_table(name: str, *, location: str) -> str:
    r"""A table with a row for each line below `location`, a character for each byte.

    The SerDe cuts a line at its delimiter, which is by default \x01; `rest` shows that it did.
    """
    return (
        f"CREATE EXTERNAL TABLE {name} (line string, rest string)"
        " ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'"
        " WITH SERDEPROPERTIES ('serialization.encoding' = 'ISO-8859-1')"
        f" STORED AS TEXTFILE LOCATION {_ATHENA.literal(location)}"
    )


def folder_names(partitions: Sequence[str], taken: Collection[str]) -> list[str]:
    """Of copies of the partition columns, which name the folders, beside the columns `taken`."""
    suffix = "_folder"
    while any(name + suffix in taken for name in partitions):
        suffix += "_"
    return [name + suffix for name in partitions]


def drop_table(name: str) -> str:
    """Remove the table, where it is there; its files stay."""
    return f"DROP TABLE IF EXISTS {name}"


@dataclass(frozen=True, kw_only=True)
class FileStatements:
    """The statements of one file."""

    rules: Rules
    table: str
    """Of the lines."""
    file: LandedObject
    """The table may have others."""
    partitions: Sequence[str]
    """Columns that the rows are partitioned by."""

    @property
    def partition_names(self) -> list[str]:
        """The columns that name the folders: copies, since UNLOAD takes those out of the files."""
        taken = {value.name for value in self.rules.values}
        return folder_names(self.partitions, taken)

    def counts(self) -> str:
        """How many lines and characters have each verdict, the rows by partition.

        `cut` are the lines that the SerDe cut, `unread` those that only a worker reads. `decoded`
        says whether the lines are text at all, which they are not where the engine did not apply
        the table's encoding.
        """
        names = ["verdict", *self.partition_names]
        columns = [*names, "count(*) AS lines", "sum(length(line)) AS characters"]
        columns.append("count(rest) AS cut")
        if self.rules.unread:
            columns.append(f"count(CASE WHEN {self.rules.unread} THEN 1 END) AS unread")
        columns.append("bool_and(from_utf8(to_utf8(line)) = line) AS decoded")
        columns += [
            f"{measure.sql} AS measure_{number}"
            for number, measure in enumerate(self.rules.measures)
        ]
        places = ", ".join(str(number) for number in range(1, len(names) + 1))
        return f"SELECT {', '.join(columns)} FROM {self._verdicts()} GROUP BY {places}"

    def unload_rows(self, location: str, *, partitions: Sequence[Partition] | None) -> str:
        """Write the good rows, those of some partitions or of all."""
        columns = [*self.rules.row(self.file.source_key), *self.partition_names]
        where = "verdict IS NULL"
        if partitions is not None:
            where += f" AND ({' OR '.join(map(self._is_partition, partitions))})"
        query = f"SELECT {', '.join(columns)} FROM {self._verdicts()} WHERE {where}"
        return _unload(query, location=location, partitioned_by=self.partition_names)

    def unload_rejects(self, location: str, *, run_id: str) -> str:
        """Write the rejected lines as the quarantine has them; Athena knows no line numbers."""
        text = _ATHENA.literal
        columns = [
            f"{text(self.file.source_key)} AS source_key",
            f"{text(self.file.version_id)} AS source_version",
            f"{_ATHENA.null('string')} AS member",
            f"{_ATHENA.null('bigint')} AS line_number",
            f"{_ATHENA.null('bigint')} AS byte_offset",
            "length(line) AS length_bytes",
            "split_part(verdict, ':', 1) AS reason",
            "split_part(verdict, ':', 2) AS column_name",
            f"{self.rules.raw} AS raw",
            f"{self.rules.raw_bytes} AS raw_bytes",
            f"{text(run_id)} AS run_id",
        ]
        where = f"verdict IS NOT NULL AND NOT {self.rules.control}"
        query = f"SELECT {', '.join(columns)} FROM {self._verdicts()} WHERE {where}"
        return _unload(query, location=location)

    def _verdicts(self) -> str:
        """Each line with its verdict, and a good one with its partition."""
        null_line = _ATHENA.literal(_NULL_LINE)
        lines = (
            f"(SELECT coalesce(line, {null_line}) AS line, rest FROM {self.table}"
            f' WHERE "$path" = {_ATHENA.literal(self.file.uri)})'
        )
        known = ["line", "rest"]
        for each in self.rules.derived:
            lines = f"(SELECT {', '.join(known)}, {each.sql} AS {each.name} FROM {lines})"
            known.append(each.name)
        names = ", ".join(known)
        judged = f"(SELECT {names}, {self.rules.verdict} AS verdict FROM {lines})"
        if not self.partitions:
            return judged
        folders = [
            f"CASE WHEN verdict IS NULL THEN {value} END AS {name}"
            for name, value in zip(
                self.partition_names, self.rules.partition(self.partitions), strict=True
            )
        ]
        return f"(SELECT {names}, verdict, {', '.join(folders)} FROM {judged})"

    def _is_partition(self, partition: Partition) -> str:
        values = zip(self.partition_names, partition, strict=True)
        return f"({' AND '.join(f'{n} = {_ATHENA.literal(v)}' for n, v in values)})"


def _unload(query: str, *, location: str, partitioned_by: Sequence[str] = ()) -> str:
    options = "format = 'PARQUET', compression = 'ZSTD'"
    if partitioned_by:
        names = ", ".join(_ATHENA.literal(name) for name in partitioned_by)
        options += f", partitioned_by = ARRAY[{names}]"
    return f"UNLOAD ({query}) TO {_ATHENA.literal(location)} WITH ({options})"
