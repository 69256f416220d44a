"""The columns of a data set's two tables, and how a table that is there may follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lake.dataset import DataSet
from lake.dataset.column import SOURCE_KEY
from lake.dataset.lifecycle import Projection
from lake.dataset.nested import NestedType
from lake.tables.table import IncompatibleSchema, Which
from lake.tables.types import column_type, widens


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as the catalog has it."""

    name: str
    type: str
    """In Glue's terms."""
    comment: str = ""
    nullable: bool = True

    @property
    def parsed(self) -> NestedType:
        """The type, nested as it may be."""
        return column_type(self.type)


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """A table as its data set wants it."""

    name: str
    """In Glue."""
    prefix: str
    """Of its objects in the curated bucket."""
    description: str
    columns: tuple[TableColumn, ...]
    """All of them, partition columns included."""
    partitions: tuple[str, ...] = ()
    projection: Mapping[str, Projection] = field(default_factory=dict)
    origin: str
    """The data set file, for messages."""

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The columns' types by name."""
        return {column.name: column.type for column in self.columns}


QUARANTINE_COLUMNS = (
    TableColumn(SOURCE_KEY, "string", "Landed object that the record stands in"),
    TableColumn("source_version", "string", "Version of the object"),
    TableColumn("member", "string", "Member of a zip; NULL for other files"),
    TableColumn("line_number", "bigint", "Line that the record begins on, counted from 1"),
    TableColumn("byte_offset", "bigint", "Bytes before the record, once decompressed"),
    TableColumn("length_bytes", "bigint", "Bytes of the record"),
    TableColumn("reason", "string", "Why the record is not a row of the table"),
    TableColumn("column_name", "string", "Column that the reason is about"),
    TableColumn("raw", "string", r"The record as text; a byte that is none stands as \xNN"),
    TableColumn("raw_bytes", "binary", "The record as it came"),
    TableColumn("run_id", "string", "Run that read it"),
)


def table_schema(data_set: DataSet, which: Which) -> TableSchema:
    """The schema of a data set's rows, or of its quarantine."""
    origin = f"datasets/{data_set.domain}/{data_set.table}.yaml"
    if which == "quarantine":
        return TableSchema(
            name=f"{data_set.table_name}_quarantine",
            prefix=f"{data_set.domain}/{data_set.table}_quarantine/",
            description=f"Records that {data_set.table_name} could not take, each with the reason",
            columns=QUARANTINE_COLUMNS,
            origin=origin,
        )
    columns = [
        TableColumn(column.name, column.glue_type, column.description, column.nullable)
        for column in data_set.columns
    ]
    columns.append(TableColumn(SOURCE_KEY, "string", "Landed object that the row came from"))
    return TableSchema(
        name=data_set.table_name,
        prefix=f"{data_set.domain}/{data_set.table}/",
        description=data_set.description,
        columns=tuple(columns),
        partitions=data_set.partitions,
        projection=data_set.target.projection,
        origin=origin,
    )


@dataclass(frozen=True, slots=True)
class Evolution:
    """What has to happen to a table's columns."""

    added: tuple[TableColumn, ...] = ()
    dropped: tuple[str, ...] = ()
    widened: tuple[TableColumn, ...] = ()
    commented: tuple[TableColumn, ...] = ()
    """Columns of which only the comment changes."""
    reordered: bool = False

    def __bool__(self) -> bool:
        return any((self.added, self.dropped, self.widened, self.commented, self.reordered))


def evolution(
    wanted: TableSchema, columns: Sequence[TableColumn], partitions: Sequence[str]
) -> Evolution:
    """How a table of these columns and partitions becomes the wanted one.

    Raises:
        IncompatibleSchema: it cannot; names every column, both types, and what to do.
    """
    if problems := list(_problems(wanted, columns, partitions)):
        raise IncompatibleSchema(
            f"table {wanted.name} cannot follow {wanted.origin}: " + "; ".join(problems)
        )
    there = {column.name: column for column in columns}
    both = [column for column in wanted.columns if column.name in there]
    order = [column.name for column in columns if column.name in wanted.types]
    order += [column.name for column in wanted.columns if column.name not in there]
    return Evolution(
        added=tuple(column for column in wanted.columns if column.name not in there),
        dropped=tuple(name for name in there if name not in wanted.types),
        widened=tuple(c for c in both if c.parsed != there[c.name].parsed),
        commented=tuple(
            c
            for c in both
            if c.parsed == there[c.name].parsed and c.comment != there[c.name].comment
        ),
        reordered=order != [column.name for column in wanted.columns],
    )


def _problems(
    wanted: TableSchema, columns: Sequence[TableColumn], partitions: Sequence[str]
) -> Iterator[str]:
    if tuple(partitions) != wanted.partitions:
        yield (
            f"it is partitioned by ({', '.join(partitions)}), the file says "
            f"({', '.join(wanted.partitions)}): give the data set a new table"
        )
    there = {column.name: column for column in columns}
    for column in wanted.columns:
        old = there.get(column.name)
        if old is None:
            if not column.nullable:
                yield (
                    f"column {column.name} ({column.type}) is new, so the rows that are there have "
                    "none: say `nullable: true`"
                )
        elif column.parsed != old.parsed and not widens(old.parsed, column.parsed):
            yield (
                f"column {column.name} is {old.type} in the table and {column.type} in the file, "
                "and only int to bigint, float to double and a decimal of more digits at the same "
                "scale can be read from the files that are there: keep the type, or add a column "
                "of another name"
            )
        elif column.parsed != old.parsed and column.name in wanted.partitions:
            yield (
                f"column {column.name} is {old.type} in the table and {column.type} in the file, "
                "and the table is partitioned by it: keep the type"
            )
