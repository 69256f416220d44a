"""SELECT: analysed, its data loaded, its rows written as text."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from infra.local.athena.errors import Position, located
from infra.local.athena.journal import Outcome, ResultColumn
from infra.local.athena.scan import Loader
from infra.local.athena.session import Session, quote_text
from infra.local.athena.sql.parser import bind_parameters, parse_query
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.query import Context, Statement
from infra.local.athena.sql.scope import Field
from infra.local.athena.sql.text import text_of
from infra.local.athena.types import result_type
from infra.local.athena.work import Work


def prepare(work: Work, sql: str) -> Query:
    """Analyse a query and make the tables that it reads readable.

    Raises:
        QueryError: the query is wrong, or its data cannot be read.
        QueryCancelled: it would scan more than its work group allows.
    """
    query, statement = analyse(work, sql)
    load(work, statement)
    return query


def load(work: Work, statement: Statement) -> None:
    """Make the tables that a statement reads readable.

    Raises:
        QueryError: they cannot be read.
        QueryCancelled: they are more than the work group allows to scan.
    """
    loader = Loader(
        s3=work.clients.s3,
        catalog=work.catalog,
        session=work.session,
        cache=work.cache,
        scan_limit_bytes=work.scan_limit_bytes,
    )
    try:
        loader.load(statement.scans)
    finally:
        work.statistics.scanned_bytes = loader.scanned_bytes


def analyse(work: Work, sql: str) -> tuple[Query, Statement]:
    """A query's columns and DuckDB's text, and the scans that it needs."""
    tree = bind_parameters(parse_query(sql), work.parameters)
    context = new_context(work)
    return context.query(tree), context.statement


def new_context(work: Work) -> Context:
    """What is around the outermost query of a statement."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    statement = Statement(catalog=work.catalog, now=now, evaluate=work.session.value)
    return Context(statement, work.database)


def result_column(field: Field) -> ResultColumn:
    """A column of a query as GetQueryResults describes it."""
    kind = field.value.type
    precision, scale = {
        "decimal": (kind.precision, kind.scale),
        "varchar": (kind.precision or 2147483647, 0),
        "char": (kind.precision, 0),
        "boolean": (0, 0),
        "tinyint": (3, 0),
        "smallint": (5, 0),
        "integer": (10, 0),
        "bigint": (19, 0),
        "real": (17, 0),
        "double": (17, 0),
        "varbinary": (1073741824, 0),
        "timestamp": (3, 0),
        "timestamp with time zone": (3, 0),
    }.get(kind.name, (0, 0))
    return ResultColumn(field.name or "", result_type(kind), precision, scale)


def select(work: Work) -> Outcome:
    """Write the rows of a SELECT to `<id>.csv`."""
    query = prepare(work, work.statement.text)
    path = _write_csv(work.session, query)
    work.session.check()
    work.results.upload(work.output, path)
    columns = tuple(result_column(field) for field in query.columns)
    # Clients delete it with the result; AWS keeps its format to itself.
    work.results.put(f"{work.output}.metadata", b"")
    return Outcome(columns=columns, header=True)


def _write_csv(session: Session, query: Query) -> Path:
    """The rows as text, every value quoted, NULL empty and without quotes."""
    body, path = session.directory / "rows.csv", session.directory / "result.csv"
    values = [field.value for field in query.columns]
    items = ", ".join(f"{text_of(v.sql, v.type)} AS c{i}" for i, v in enumerate(values))
    session.rows(
        f"COPY (SELECT {items} FROM ({query.sql})) TO {quote_text(str(body))}"
        " (FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '', DELIMITER ',', QUOTE '\"',"
        " ESCAPE '\"')"
    )
    # DuckDB would rename columns of the same name.
    names = ((field.name or "").replace('"', '""') for field in query.columns)
    with path.open("wb") as file, body.open("rb") as rows:
        file.write(f"{','.join(f'"{name}"' for name in names)}\n".encode())
        shutil.copyfileobj(rows, file)
    body.unlink()
    return path


def named_columns(query: Query) -> dict[str, Field]:
    """The columns by name, for a table or a view, which needs a name for each.

    Raises:
        QueryError: a column has no name, or two have the same.
    """
    columns: dict[str, Field] = {}
    for i, column in enumerate(query.columns):
        if column.name is None or column.name == f"_col{i}":
            message = f"Column name not specified at position {i + 1}"
            raise located("MISSING_COLUMN_NAME", message, Position())
        if column.name in columns:
            message = f"Column name '{column.name}' specified more than once"
            raise located("DUPLICATE_COLUMN_NAME", message, Position())
        columns[column.name] = column
    return columns
