"""ALTER TABLE … ADD and DROP PARTITION, and MSCK REPAIR TABLE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from infra.local.athena.catalog import NULL_PARTITION, Table, catalog_error
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.tables import failed, split_location
from infra.local.athena.errors import unsupported
from infra.local.athena.journal import Outcome
from infra.local.athena.objects import list_objects, split_uri
from infra.local.athena.work import Work

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import StorageDescriptorTypeDef

_BATCH = 100
"""How many partitions Glue takes in one call."""
Values = tuple[str, ...]


def needed_table(work: Work, database: str, name: str) -> Table:
    """The table that a statement changes; QueryError when there is none."""
    table = work.catalog.find(database, name)
    if table is None or table.is_view:
        raise failed(f"SemanticException [Error 10001]: Table not found {database}.{name}")
    return table


def folder(location: str, keys: Iterable[str], values: Values) -> str:
    """Where a partition lies when nothing else is said: `<table>/key=value/`."""
    parts = (
        f"{key}={quote(value, safe=' ,+-.@()')}" for key, value in zip(keys, values, strict=True)
    )
    return "/".join([location.rstrip("/"), *parts]) + "/"


def key_names(table: Table) -> list[str]:
    """The names of the partition keys."""
    return [key.name for key in table.partition_keys]


def partition_name(table: Table, values: Iterable[str | None]) -> str:
    """`key=value/key=value`."""
    return "/".join(
        f"{key}={NULL_PARTITION if value is None else value}"
        for key, value in zip(key_names(table), values, strict=True)
    )


def register(
    glue: GlueClient,
    table: Table,
    locations: dict[Values, str],
    *,
    descriptor: StorageDescriptorTypeDef,
) -> list[Values]:
    """Register partitions; those that were there are returned and stay as they were."""
    existing: list[Values] = []
    for batch in batched(locations.items(), _BATCH):
        try:
            answer = glue.batch_create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInputList=[
                    {
                        "Values": list(values),
                        "StorageDescriptor": {**descriptor, "Location": location},
                    }
                    for values, location in batch
                ],
            )
        except ClientError as error:
            raise catalog_error(error) from error
        for refused in answer.get("Errors", []):
            detail = refused.get("ErrorDetail", {})
            if detail.get("ErrorCode") != "AlreadyExistsException":
                raise failed(f"{detail.get('ErrorCode')}: {detail.get('ErrorMessage')}")
            existing.append(tuple(refused["PartitionValues"]))
    return existing


def table_descriptor(table: Table) -> StorageDescriptorTypeDef:
    """The storage that a partition takes over from its table."""
    return {
        "Columns": [{"Name": column.name, "Type": column.hive_type} for column in table.columns],
        "InputFormat": table.storage.input_format,
        "OutputFormat": table.storage.output_format,
        "SerdeInfo": {
            "SerializationLibrary": table.storage.serde,
            "Parameters": table.storage.serde_parameters,
        },
    }


def alter_table(work: Work) -> Outcome:
    """ALTER TABLE name ADD PARTITION … or DROP PARTITION …; other changes are refused by name."""
    cursor = Cursor(work.statement.text)
    cursor.expect("ALTER")
    if not cursor.accept("TABLE"):
        raise unsupported(" ".join(work.statement.text.split()[:2]).upper())
    database, name = cursor.qualified_name(work.database)
    table = needed_table(work, database, name)
    if table.is_iceberg:
        from infra.local.athena.ddl.iceberg_alter import (  # noqa: PLC0415 - pyiceberg is slow
            alter_iceberg_table,
        )

        return alter_iceberg_table(work, table, cursor)
    if cursor.accept("ADD", "IF", "NOT", "EXISTS"):
        return _add(work, table, cursor, if_not_exists=True)
    if cursor.accept("ADD", "PARTITION"):
        return _add(work, table, cursor, if_not_exists=False, first=True)
    if cursor.accept("DROP", "IF", "EXISTS"):
        return _drop(work, table, cursor, if_exists=True)
    if cursor.accept("DROP", "PARTITION"):
        return _drop(work, table, cursor, if_exists=False, first=True)
    raise unsupported(f"ALTER TABLE … {' '.join(cursor.rest().split()[:2]).upper()}")


def _add(
    work: Work, table: Table, cursor: Cursor, *, if_not_exists: bool, first: bool = False
) -> Outcome:
    locations: dict[Values, str] = {}
    while first or cursor.accept("PARTITION"):
        first = False
        values = _values(cursor, table)
        locations[values] = folder(table.storage.location, key_names(table), values)
        if cursor.accept("LOCATION"):
            locations[values] = cursor.string()
            split_location(locations[values])
    cursor.end()
    existing = register(work.clients.glue, table, locations, descriptor=table_descriptor(table))
    if existing and not if_not_exists:
        raise failed(
            "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
            " AlreadyExistsException(message:Partition already exists"
            f" {partition_name(table, existing[0])})"
        )
    return text_result(work, [])


def _values(cursor: Cursor, table: Table) -> Values:
    """`(key = 'value', …)`: every key of the table once."""
    given = {key.lower(): value for key, value in cursor.properties().items()}
    keys = key_names(table)
    if set(given) != set(keys):
        raise failed(
            f"SemanticException partition spec {given} does not match the partition keys"
            f" of {table.database}.{table.name}: {', '.join(keys)}"
        )
    return tuple(given[key] for key in keys)


def _drop(
    work: Work, table: Table, cursor: Cursor, *, if_exists: bool, first: bool = False
) -> Outcome:
    wanted: list[Values] = []
    while first or cursor.accept("PARTITION"):
        first = False
        wanted.append(_values(cursor, table))
        cursor.accept(",")
    cursor.end()
    glue = work.clients.glue
    for values in wanted:
        try:
            glue.delete_partition(
                DatabaseName=table.database, TableName=table.name, PartitionValues=list(values)
            )
        except glue.exceptions.EntityNotFoundException as error:
            if not if_exists:
                name = partition_name(table, values)
                message = f"SemanticException [Error 10006]: Partition not found ({name})"
                raise failed(message) from error
        except ClientError as error:
            raise catalog_error(error) from error
    return text_result(work, [])


def repair_table(work: Work) -> Outcome:
    """MSCK REPAIR TABLE: register the folders `key=value` that S3 has and Glue has not."""
    cursor = Cursor(work.statement.text)
    cursor.expect("MSCK", "REPAIR", "TABLE")
    table = needed_table(work, *cursor.qualified_name(work.database))
    cursor.end()
    known = {tuple(each.values) for each in work.catalog.partitions(table)}
    found = {
        values: location
        for values, location in _folders(work, table)
        if tuple(None if value == NULL_PARTITION else value for value in values) not in known
    }
    register(work.clients.glue, table, found, descriptor=table_descriptor(table))
    if not found:
        return text_result(work, [])
    names = [f"{table.name}:{partition_name(table, values)}" for values in found]
    lines = ["Partitions not in metastore:\t" + "\t".join(names)]
    lines += [f"Repair: Added partition to metastore {name}" for name in names]
    return text_result(work, lines, "result")


def _folders(work: Work, table: Table) -> Iterator[tuple[Values, str]]:
    """The values and addresses of the folders that are named after all keys."""
    keys = key_names(table)
    bucket, prefix = split_uri(table.storage.location)
    prefix = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
    seen: set[str] = set()
    for each in list_objects(work.clients.s3, table.storage.location):
        parts = each.key[len(prefix) :].split("/")[:-1][: len(keys)]
        path = "/".join(parts)
        pairs = [part.partition("=") for part in parts]
        if path in seen or [pair[0].lower() for pair in pairs] != keys:
            continue
        seen.add(path)
        yield tuple(unquote(pair[2]) for pair in pairs), f"s3://{bucket}/{prefix}{path}/"
