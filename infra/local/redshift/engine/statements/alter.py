"""ALTER TABLE.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
"""

from __future__ import annotations

from dataclasses import replace

from infra.local.athena.session import quote_name
from infra.local.athena.types import duckdb_type
from infra.local.redshift.engine.errors import UNDEFINED_COLUMN, RedshiftError, unsupported
from infra.local.redshift.engine.grammar import parse_type
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Column, Relation
from infra.local.redshift.engine.statements.columns import Definition, read_column
from infra.local.redshift.engine.statements.insert import default_of
from infra.local.redshift.engine.statements.tables import refuse_existing
from infra.local.redshift.engine.types import type_of
from infra.local.redshift.engine.work import Work


def alter_table(work: Work) -> Outcome:
    """ALTER TABLE name ADD COLUMN | DROP COLUMN | RENAME | ALTER COLUMN … TYPE | OWNER TO."""
    cursor = work.cursor
    cursor.expect("ALTER", "TABLE")
    relation = work.target(*cursor.qualified_name())
    work.lock(relation, True)
    action = cursor.word
    if cursor.accept("ADD"):
        changed = _add(work, relation, cursor)
    elif cursor.accept("DROP"):
        cursor.accept("COLUMN")
        changed = _drop(work, relation, cursor.name())
        cursor.accept("CASCADE")
        cursor.accept("RESTRICT")
    elif cursor.accept("RENAME"):
        changed = _rename(work, relation, cursor)
    elif cursor.accept("OWNER", "TO"):
        changed = replace(relation, owner=cursor.name())
    elif cursor.accept("ALTER", "COLUMN"):
        changed = _widen(work, relation, cursor)
    else:
        raise unsupported(f"ALTER TABLE {action}")
    cursor.end()
    work.catalog.change(changed)
    return Outcome(tag="ALTER TABLE")


def _column(relation: Relation, name: str) -> Column:
    for each in relation.columns:
        if each.name == name:
            return each
    message = f'column "{name}" of relation "{relation.name}" does not exist'
    raise RedshiftError(message, UNDEFINED_COLUMN)


def _with(relation: Relation, column: Column, name: str) -> Relation:
    """The relation with another column in the place of the one of that name."""
    columns = (column if each.name == name else each for each in relation.columns)
    return replace(relation, columns=tuple(columns))


def _add(work: Work, relation: Relation, cursor: Cursor) -> Relation:
    """A new column; rows that are there have its default."""
    if cursor.word in ("CONSTRAINT", "PRIMARY KEY", "UNIQUE", "FOREIGN KEY"):
        raise unsupported("ALTER TABLE ADD of a constraint")
    cursor.accept("COLUMN")
    column = read_column(cursor)
    if column.identity is not None:
        raise RedshiftError("ALTER TABLE ADD COLUMN cannot add an identity column", "0A000")
    if not column.nullable and column.default is None:
        message = (
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression"
        )
        raise RedshiftError(message, "0A000")
    definition = Definition(list(relation.columns))
    definition.add(column)
    name = quote_name(column.name)
    execute = work.connection.execute
    execute(f"ALTER TABLE {relation.storage} ADD COLUMN {name} {duckdb_type(column.type)}")
    if column.default is not None:
        value = assigned(default_of(work, column.default), column)
        execute(f"UPDATE {relation.storage} SET {name} = {value}")
    if not column.nullable:
        execute(f"ALTER TABLE {relation.storage} ALTER COLUMN {name} SET NOT NULL")
    return replace(relation, columns=tuple(definition.columns))


def _drop(work: Work, relation: Relation, name: str) -> Relation:
    column = _column(relation, name)
    work.connection.execute(f"ALTER TABLE {relation.storage} DROP COLUMN {quote_name(name)}")
    columns = tuple(each for each in relation.columns if each is not column)
    return replace(relation, columns=columns)


def _rename(work: Work, relation: Relation, cursor: Cursor) -> Relation:
    if cursor.accept("TO"):
        name = cursor.name()
        refuse_existing(work, relation.schema, name)
        work.connection.execute(f"ALTER TABLE {relation.storage} RENAME TO {quote_name(name)}")
        return replace(relation, name=name)
    cursor.accept("COLUMN")
    column = _column(relation, cursor.name())
    cursor.expect("TO")
    renamed = replace(column, name=cursor.name())
    work.connection.execute(
        f"ALTER TABLE {relation.storage} RENAME COLUMN {quote_name(column.name)}"
        f" TO {quote_name(renamed.name)}"
    )
    return _with(relation, renamed, column.name)


def _widen(work: Work, relation: Relation, cursor: Cursor) -> Relation:
    """A varchar of another length, which has to hold what is there."""
    column = _column(relation, cursor.name())
    if cursor.accept("ENCODE"):
        return _with(relation, replace(column, encoding=cursor.name()), column.name)
    cursor.expect("TYPE")
    to = type_of(parse_type(cursor.rest()))
    if to.name != "varchar" or column.type.name != "varchar":
        message = f'cannot alter type of column "{column.name}": only the size of a varchar'
        raise RedshiftError(message, "0A000")
    longest = work.connection.value(
        f"(SELECT max(octet_length(encode({quote_name(column.name)}))) FROM {relation.storage})"
    )
    if (longest or 0) > to.precision:
        message = f'cannot alter column "{column.name}" because some values are too long'
        raise RedshiftError(message, "22001")
    return _with(relation, replace(column, type=to), column.name)
