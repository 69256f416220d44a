"""The catalogue of a database, kept in its file, so that DDL is part of transactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from infra.local.athena.session import quote_name
from infra.local.athena.types import Type
from infra.local.redshift.engine.connection import Connection
from infra.local.redshift.engine.errors import DUPLICATE_TABLE, UNDEFINED_TABLE, RedshiftError
from infra.local.redshift.engine.relation import TEMPORARY, Column, Relation

PUBLIC = "public"

_TABLES = """
CREATE {kind} TABLE IF NOT EXISTS {schema}.relations (
    oid INTEGER, "schema" VARCHAR, name VARCHAR, owner VARCHAR, diststyle VARCHAR,
    definition VARCHAR, late_binding BOOLEAN, reads INTEGER[]);
CREATE {kind} TABLE IF NOT EXISTS {schema}.columns (
    oid INTEGER, position INTEGER, name VARCHAR, type VARCHAR, "precision" INTEGER, scale INTEGER,
    nullable BOOLEAN, "default" VARCHAR, identity BIGINT[], encoding VARCHAR, is_distkey BOOLEAN,
    sortkey INTEGER, is_primary_key BOOLEAN);
"""
_SHARED = """
CREATE SCHEMA IF NOT EXISTS catalog;
CREATE SEQUENCE IF NOT EXISTS catalog.oids START 100001;
CREATE SEQUENCE IF NOT EXISTS catalog.queries;
CREATE TABLE IF NOT EXISTS catalog.schemas (name VARCHAR, owner VARCHAR);
CREATE TABLE IF NOT EXISTS catalog.grants (statement VARCHAR, grantor VARCHAR);
CREATE TABLE IF NOT EXISTS catalog.load_errors (
    userid INTEGER, slice INTEGER, tbl INTEGER, starttime TIMESTAMP, session INTEGER,
    query BIGINT, filename VARCHAR, line_number BIGINT, colname VARCHAR, type VARCHAR,
    col_length VARCHAR, position INTEGER, raw_line VARCHAR, raw_field_value VARCHAR,
    err_code INTEGER, err_reason VARCHAR);
CREATE TABLE IF NOT EXISTS catalog.loads (
    userid INTEGER, query BIGINT, tbl INTEGER, table_name VARCHAR, starttime TIMESTAMP,
    endtime TIMESTAMP, filename VARCHAR, lines_scanned BIGINT, errors BIGINT, status VARCHAR);
"""


def prepare(connection: Connection) -> None:
    """Make the catalogue of a new database; nothing where there is one."""
    connection.execute(_SHARED + _TABLES.format(kind="", schema="catalog"))
    if not connection.rows("SELECT 1 FROM catalog.schemas WHERE name = ?", [PUBLIC]):
        connection.execute("INSERT INTO catalog.schemas VALUES (?, 'rdsdb')", [PUBLIC])
        connection.execute(f"CREATE SCHEMA {quote_name(f'user.{PUBLIC}')}")


def prepare_session(connection: Connection) -> None:
    """Make the catalogue of a session's own tables."""
    connection.execute(_TABLES.format(kind="TEMP", schema="temp"))


class Catalog:
    """The catalogue as one session sees it, its own tables first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.search_path = [PUBLIC]

    # Schemas

    def has_schema(self, name: str) -> bool:
        """Whether there is a schema of that name."""
        found = self._connection.rows("SELECT 1 FROM catalog.schemas WHERE name = ?", [name])
        return bool(found)

    def require_schema(self, name: str) -> None:
        """RedshiftError when there is no such schema."""
        if not self.has_schema(name):
            raise RedshiftError(f'schema "{name}" does not exist', "3F000")

    def create_schema(self, name: str, owner: str) -> None:
        """Add a schema."""
        self._connection.execute("INSERT INTO catalog.schemas VALUES (?, ?)", [name, owner])
        self._connection.execute(f"CREATE SCHEMA {quote_name(f'user.{name}')}")

    def drop_schema(self, name: str) -> None:
        """Remove a schema, which is empty."""
        self._connection.execute(f"DROP SCHEMA {quote_name(f'user.{name}')}")
        self._connection.execute("DELETE FROM catalog.schemas WHERE name = ?", [name])

    def relations(self, schema: str) -> list[Relation]:
        """All relations of a schema."""
        return list(self._read('"schema" = ?', [schema]))

    def dependants(self, oid: int) -> list[Relation]:
        """The views that read a relation."""
        return list(self._read("list_contains(reads, ?)", [oid]))

    # Relations

    def find(self, schema: str | None, name: str) -> Relation | None:
        """The relation of that name, looked for along the search path without a schema."""
        for each in [schema] if schema else [TEMPORARY, *self.search_path]:
            found = list(self._read('"schema" = ? AND name = ?', [each, name]))
            if found:
                return found[0]
        return None

    def get(self, schema: str | None, name: str) -> Relation:
        """The relation of that name.

        Raises:
            RedshiftError: there is none.
        """
        found = self.find(schema, name)
        if found is None:
            full = f"{schema}.{name}" if schema else name
            raise RedshiftError(f'relation "{full}" does not exist', UNDEFINED_TABLE)
        return found

    def create(self, relation: Relation) -> Relation:
        """Add a relation, its number given; its rows are the caller's to make.

        Raises:
            RedshiftError: there is one of that name, or no such schema.
        """
        if not relation.is_temporary:
            self.require_schema(relation.schema)
        if self.find(relation.schema, relation.name) is not None:
            raise RedshiftError(f'Relation "{relation.name}" already exists', DUPLICATE_TABLE)
        made = replace(relation, oid=int(self._connection.value("nextval('catalog.oids')")))
        self._write(made)
        return made

    def change(self, relation: Relation) -> None:
        """Keep a relation as it now is."""
        self.remove(relation)
        self._write(relation)

    def remove(self, relation: Relation) -> None:
        """Forget a relation."""
        at = _place(relation)
        for table in ("relations", "columns"):
            self._connection.execute(f"DELETE FROM {at}.{table} WHERE oid = ?", [relation.oid])

    def _write(self, relation: Relation) -> None:
        at = _place(relation)
        self._connection.execute(
            f"INSERT INTO {at}.relations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                relation.oid, relation.schema, relation.name, relation.owner, relation.diststyle,
                relation.definition, relation.late_binding, list(relation.reads),
            ],
        )  # fmt: skip
        for position, column in enumerate(relation.columns, 1):
            self._connection.execute(
                f"INSERT INTO {at}.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    relation.oid, position, column.name, column.type.name, column.type.precision,
                    column.type.scale, column.nullable, column.default, column.identity,
                    column.encoding, column.is_distkey, column.sortkey, column.is_primary_key,
                ],
            )  # fmt: skip

    def _read(self, condition: str, values: list[Any]) -> Iterable[Relation]:
        for at in ("temp", "catalog"):
            found = self._connection.rows(f"FROM {at}.relations WHERE {condition}", values)
            for oid, schema, name, owner, diststyle, definition, late_binding, reads in found:
                yield Relation(
                    schema=schema,
                    name=name,
                    columns=self._columns(at, oid),
                    owner=owner,
                    oid=oid,
                    diststyle=diststyle,
                    definition=definition,
                    late_binding=late_binding,
                    reads=tuple(reads),
                )

    def _columns(self, at: str, oid: int) -> tuple[Column, ...]:
        rows = self._connection.rows(
            f'SELECT name, type, precision, scale, nullable, "default", identity, encoding,'
            f" is_distkey, sortkey, is_primary_key FROM {at}.columns WHERE oid = ?"
            " ORDER BY position",
            [oid],
        )
        return tuple(
            Column(
                name=name,
                type=Type(kind, precision, scale),
                nullable=nullable,
                default=default,
                identity=(identity[0], identity[1]) if identity else None,
                encoding=encoding,
                is_distkey=is_distkey,
                sortkey=sortkey,
                is_primary_key=is_primary_key,
            )
            for (
                name, kind, precision, scale, nullable, default, identity, encoding, is_distkey,
                sortkey, is_primary_key,
            ) in rows
        )  # fmt: skip


def _place(relation: Relation) -> str:
    return "temp" if relation.is_temporary else "catalog"
