"""CREATE, ALTER and DROP TABLE.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html, r_CREATE_TABLE_AS
and r_ALTER_TABLE
"""

from __future__ import annotations

from dataclasses import replace

from infra.local.athena.session import quote_name
from infra.local.athena.sql.plan import Query
from infra.local.athena.types import duckdb_type
from infra.local.redshift.engine.errors import DUPLICATE_TABLE, RedshiftError, unsupported
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import TEMPORARY, Column, Relation
from infra.local.redshift.engine.statements.columns import (
    Definition,
    read_attributes,
    read_columns,
)
from infra.local.redshift.engine.statements.insert import default_of
from infra.local.redshift.engine.statements.views import drop_dependants
from infra.local.redshift.engine.types import stored
from infra.local.redshift.engine.work import Work


def create_table(work: Work) -> Outcome:
    """CREATE [TEMP] TABLE [IF NOT EXISTS] name (…) … or … AS query."""
    cursor = work.cursor
    cursor.expect("CREATE")
    if cursor.accept("EXTERNAL"):
        raise unsupported("CREATE EXTERNAL TABLE")
    for word in ("LOCAL", "GLOBAL"):
        cursor.accept(word)
    temporary = cursor.accept("TEMP") or cursor.accept("TEMPORARY")
    cursor.expect("TABLE")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    schema, name = cursor.qualified_name()
    schema = TEMPORARY if temporary or name.startswith("#") else work.schema_of(schema)
    if if_not_exists and work.catalog.find(schema, name) is not None:
        return Outcome(tag="CREATE TABLE")
    definition, query = _read(work, cursor)
    for column in definition.columns:
        if column.default is not None:
            assigned(default_of(work, column.default), column)
    relation = work.catalog.create(
        Relation(
            schema=schema,
            name=name,
            columns=tuple(definition.columns),
            owner=work.user,
            diststyle=definition.diststyle,
        )
    )
    _make(work, relation)
    if query is None:
        return Outcome(tag="CREATE TABLE")
    values = (
        assigned(field.value, column)
        for field, column in zip(query.columns, relation.columns, strict=True)
    )
    rows = f"SELECT {', '.join(values)} FROM ({query.sql})"
    count = work.connection.count(f"INSERT INTO {relation.storage} {rows}")
    return Outcome(tag="SELECT", row_count=count)


def _read(work: Work, cursor: Cursor) -> tuple[Definition, Query | None]:
    """The columns of the table, and the query whose rows it begins with."""
    names: list[str] | None = None
    definition = Definition()
    if cursor.word == "(":
        if _is_list_of_names(cursor):
            names = cursor.names()
        else:
            definition, like = read_columns(cursor)
            for schema, name in like:
                for column in work.catalog.get(schema, name).columns:
                    definition.add(replace(column, identity=None, default=None))
            read_attributes(cursor, definition)
            cursor.end()
            return definition, None
    attributes_at = cursor.mark()
    while cursor.word not in ("AS", ""):
        cursor.skip()
    cursor.expect("AS")
    query = work.context().query(work.tree(cursor.rest()))
    definition = _definition_of(query, names)
    cursor.reset(attributes_at)
    read_attributes(cursor, definition)
    cursor.expect("AS")
    return definition, query


def _is_list_of_names(cursor: Cursor) -> bool:
    """`(a, b)` of CREATE TABLE AS, where a definition has types."""
    at = cursor.mark()
    try:
        cursor.names()
    except RedshiftError:
        return False
    finally:
        cursor.reset(at)
    return True


def _definition_of(query: Query, names: list[str] | None) -> Definition:
    definition = Definition()
    own = [field.name or "?column?" for field in query.columns]
    if names is not None and len(names) != len(own):
        raise RedshiftError("CREATE TABLE AS specifies too many column names", "42601")
    for name, field in zip(names or own, query.columns, strict=True):
        definition.add(Column(name=name, type=stored(field.value.type)))
    return definition


def _make(work: Work, relation: Relation) -> None:
    """The table of DuckDB, and what numbers its rows."""
    columns = ", ".join(
        f"{quote_name(each.name)} {duckdb_type(each.type)}{'' if each.nullable else ' NOT NULL'}"
        for each in relation.columns
    )
    kind = "TEMP TABLE" if relation.is_temporary else "TABLE"
    name = quote_name(relation.name) if relation.is_temporary else relation.storage
    work.connection.execute(f"CREATE {kind} {name} ({columns})")
    for column in relation.columns:
        if column.identity is not None:
            seed, step = column.identity
            bounds = "" if step > 0 else f" MAXVALUE {seed}"
            work.connection.execute(
                f"CREATE SEQUENCE {relation.sequence} INCREMENT {step}{bounds} START {seed}"
            )


def drop_table(work: Work) -> Outcome:
    """DROP TABLE [IF EXISTS] name, … [CASCADE | RESTRICT]."""
    cursor = work.cursor
    cursor.expect("DROP", "TABLE")
    if_exists = cursor.accept("IF", "EXISTS")
    names = [cursor.qualified_name()]
    while cursor.accept(","):
        names.append(cursor.qualified_name())
    cascade = cursor.accept("CASCADE")
    cursor.accept("RESTRICT")
    cursor.end()
    for schema, name in names:
        if if_exists and work.catalog.find(schema, name) is None:
            continue
        drop(work, work.target(schema, name), cascade=cascade)
    return Outcome(tag="DROP TABLE")


def drop(work: Work, relation: Relation, *, cascade: bool) -> None:
    """Remove a table and, with `cascade`, the views that read it."""
    drop_dependants(work, relation, cascade=cascade)
    work.lock(relation, False)
    work.connection.execute(f"DROP TABLE {relation.storage}")
    if any(column.identity is not None for column in relation.columns):
        work.connection.execute(f"DROP SEQUENCE {relation.sequence}")
    work.catalog.remove(relation)


def refuse_existing(work: Work, schema: str, name: str) -> None:
    """RedshiftError when there is a relation of that name."""
    if work.catalog.find(schema, name) is not None:
        raise RedshiftError(f'relation "{name}" already exists', DUPLICATE_TABLE)
