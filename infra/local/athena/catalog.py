"""The Glue catalog as a query sees it, read with its caller's credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.athena.errors import ErrorType, Position, QueryError, located
from infra.local.athena.hive_types import parse_glue_type
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import PartitionTypeDef, TableTypeDef
    from mypy_boto3_s3 import S3Client

    from infra.local.athena.iceberg.table import IcebergTable

CATALOG = "awsdatacatalog"
"""The name of the Glue catalog in SQL."""

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""What Hive writes in place of a NULL partition value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `hive_type` is its type as Glue has it."""

    name: str
    hive_type: str
    comment: str = ""

    @property
    def type(self) -> Type:
        """The column's type in SQL.

        Raises:
            ValueError: Athena knows no such type.
        """
        return parse_glue_type(self.hive_type)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where files lie and how they are read: a table's, or one partition's."""

    location: str
    serde: str
    serde_parameters: dict[str, str] = field(default_factory=dict)
    input_format: str = ""
    output_format: str = ""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its values in the order of the keys, None for NULL."""

    values: tuple[str | None, ...]
    storage: Storage


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view of the catalog."""

    database: str
    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    storage: Storage
    parameters: dict[str, str]
    kind: str
    view_text: str = ""
    comment: str = ""

    @property
    def is_view(self) -> bool:
        """Whether it is a view of Athena."""
        return self.kind == "VIRTUAL_VIEW"

    @property
    def is_iceberg(self) -> bool:
        """Whether it is an Iceberg table."""
        return self.parameters.get("table_type", "").upper() == "ICEBERG"


class Catalog:
    """Databases, tables and partitions of Glue, as one caller may see them."""

    def __init__(self, glue: GlueClient, s3: S3Client) -> None:
        self._glue = glue
        self._s3 = s3
        self._iceberg: dict[str, IcebergTable] = {}

    def databases(self) -> list[str]:
        """The names of all databases, sorted."""
        pages = self._glue.get_paginator("get_databases").paginate()
        return sorted(each["Name"] for page in _asked(pages) for each in page["DatabaseList"])

    def has_database(self, name: str) -> bool:
        """Whether the database exists."""
        try:
            self._glue.get_database(Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            return False
        except ClientError as error:
            raise catalog_error(error) from error
        return True

    def tables(self, database: str) -> list[Table]:
        """All tables and views of a database, sorted by name."""
        if not self.has_database(database):
            raise QueryError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        found = [_table(each) for page in _asked(pages) for each in page["TableList"]]
        return sorted(found, key=lambda table: table.name)

    def find(self, database: str, name: str) -> Table | None:
        """The table, or None."""
        try:
            return _table(self._glue.get_table(DatabaseName=database, Name=name)["Table"])
        except self._glue.exceptions.EntityNotFoundException:
            return None
        except ClientError as error:
            raise catalog_error(error) from error

    def get(self, database: str, name: str, position: Position | None = None) -> Table:
        """The table that a query names.

        Raises:
            QueryError: there is no such table, or no such database.
        """
        table = self.find(database, name)
        if table is not None:
            return table
        if not self.has_database(database):
            raise located("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist", position)
        where = f"'{CATALOG}.{database}.{name}'"
        raise located("TABLE_NOT_FOUND", f"Table {where} does not exist", position)

    def iceberg(self, table: Table) -> IcebergTable:
        """What stands behind a table of Iceberg, the same each time that a statement asks.

        Raises:
            QueryError: its metadata cannot be read.
        """
        from infra.local.athena.iceberg.table import (  # noqa: PLC0415 - takes a second
            METADATA_LOCATION,
            IcebergTable,
        )

        location = table.parameters.get(METADATA_LOCATION, "")
        if location not in self._iceberg:
            self._iceberg[location] = IcebergTable.load(table, self._s3)
        return self._iceberg[location]

    def columns(self, table: Table) -> tuple[Column, ...]:
        """All columns; those of a table of Iceberg are what its metadata says, not the catalog."""
        if table.is_iceberg:
            return self.iceberg(table).hive_columns()
        return (*table.columns, *table.partition_keys)

    def partitions(self, table: Table) -> Iterator[Partition]:
        """Every registered partition of a table."""
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=table.database, TableName=table.name
        )
        for page in _asked(pages):
            for each in page["Partitions"]:
                yield _partition(each, table)


def _asked(pages: Any) -> Iterator[Any]:
    """The pages, with Glue's refusals turned into the query's failure."""
    try:
        yield from pages
    except ClientError as error:
        raise catalog_error(error) from error


def catalog_error(error: ClientError) -> QueryError:
    """A refusal by Glue as the failure of a query or a statement."""
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", code)
    if "AccessDenied" in code:
        return QueryError("", f"Insufficient permissions to execute the query. {message}")
    return QueryError("HIVE_METASTORE_ERROR", f"{code}: {message}", error_type=ErrorType.DDL)


def _table(raw: TableTypeDef) -> Table:
    descriptor = raw.get("StorageDescriptor", {})
    return Table(
        database=raw.get("DatabaseName", ""),
        name=raw["Name"],
        columns=_columns(descriptor.get("Columns", [])),
        partition_keys=_columns(raw.get("PartitionKeys", [])),
        storage=_storage(descriptor),
        parameters=dict(raw.get("Parameters", {})),
        kind=raw.get("TableType", "EXTERNAL_TABLE"),
        view_text=raw.get("ViewOriginalText", ""),
        comment=raw.get("Description", ""),
    )


def _columns(raw: Any) -> tuple[Column, ...]:
    return tuple(
        Column(each["Name"].lower(), each.get("Type", "string"), each.get("Comment", ""))
        for each in raw
    )


def _storage(descriptor: Mapping[str, Any]) -> Storage:
    serde = descriptor.get("SerdeInfo", {})
    return Storage(
        location=descriptor.get("Location", ""),
        serde=serde.get("SerializationLibrary", ""),
        serde_parameters=dict(serde.get("Parameters", {})),
        input_format=descriptor.get("InputFormat", ""),
        output_format=descriptor.get("OutputFormat", ""),
    )


def _partition(raw: PartitionTypeDef, table: Table) -> Partition:
    own = _storage(raw.get("StorageDescriptor", {}))
    storage = (
        own
        if own.serde
        else Storage(
            own.location or table.storage.location,
            table.storage.serde,
            table.storage.serde_parameters,
            table.storage.input_format,
            table.storage.output_format,
        )
    )
    values = tuple(None if value == NULL_PARTITION else value for value in raw["Values"])
    return Partition(values, storage)
