"""VACUUM: old snapshots forgotten, and the objects deleted that nothing needs any more.

Source: https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table as LoadedTable

from infra.local.athena.catalog import Table, catalog_error
from infra.local.athena.ddl.lexer import Cursor, tokenize
from infra.local.athena.dml import changes
from infra.local.athena.errors import ErrorType, Position, QueryError, located, syntax_error
from infra.local.athena.iceberg.retention import Retention
from infra.local.athena.iceberg.unneeded import delete, needed, unneeded, written
from infra.local.athena.iceberg.writes.commits import caller_catalog, caller_io, commit, conflict
from infra.local.athena.journal import Outcome
from infra.local.athena.objects import split_uri
from infra.local.athena.work import Work


def vacuum(work: Work) -> Outcome:
    """VACUUM [database.]table.

    Raises:
        QueryError: the table is none of Iceberg, or the caller may not read or change it.
    """
    table = _table(work)
    read = work.catalog.iceberg(table).metadata
    bucket, folder = split_uri(read.location)
    if not folder.strip("/"):
        message = f"Path missing in file system location: s3://{bucket}"
        raise QueryError("GENERIC_INTERNAL_ERROR", message, error_type=ErrorType.INTERNAL)
    retention = Retention.of(read.properties)
    before = now() - timedelta(seconds=retention.max_snapshot_age_seconds)
    commit(work, table, read, lambda metadata: retention.updates(metadata, before=before) or None)
    # Listed first: what another statement commits meanwhile is then found to be needed.
    objects = written(work.clients.s3, read.location)
    kept = needed(_current(work, table), caller_io(work), check=work.session.check)
    gone = unneeded(objects, kept, before=before)
    delete(work.clients.s3, gone, check=work.session.check)
    return changes.outcome(work, 0)


def now() -> datetime:
    """The moment from which ages are counted."""
    return datetime.now(UTC)


def _table(work: Work) -> Table:
    if any(token.kind == "double" for token in tokenize(work.statement.text)):
        raise syntax_error("VACUUM takes a name in backticks, not in double quotes", Position())
    cursor = Cursor(work.statement.text)
    cursor.expect("VACUUM")
    database, name = cursor.qualified_name(work.database)
    cursor.end()
    table = work.catalog.get(database, name)
    if not table.is_iceberg:
        message = f"VACUUM is for tables of Iceberg: {database}.{name} is none"
        raise located("NOT_SUPPORTED", message, Position())
    return table


def _current(work: Work, table: Table) -> LoadedTable:
    try:
        return caller_catalog(work).load_table((table.database, table.name))
    except NoSuchTableError as error:
        raise conflict(table) from error
    except ClientError as error:
        raise catalog_error(error) from error
