"""What the names in a query stand for: relations of the catalogue, and the system's own views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from infra.local.athena.session import quote_name
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.query import Context, Statement
from infra.local.athena.sql.scope import Field, Typed
from infra.local.redshift.engine import system_views
from infra.local.redshift.engine.catalog import Catalog
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.grammar import parse
from infra.local.redshift.engine.language import REDSHIFT_LANGUAGE
from infra.local.redshift.engine.names import prepared
from infra.local.redshift.engine.relation import Relation


@dataclass(frozen=True, slots=True)
class QueryContext(Context):
    """What is around a query of Redshift."""

    catalog: Catalog = field(kw_only=True)
    user: str = field(kw_only=True)
    reads: set[int] = field(kw_only=True)
    """The numbers of the relations that the statement reads."""

    def table(self, node: exp.Table) -> Query:
        """A table, a view, or a query of WITH, by its name; text that can stand in FROM."""
        name, schema = node.name.lower(), node.db.lower() or None
        if schema is None and name in self.named:
            query = self.named[name]()
            return Query(f"({query.sql})", query.columns)
        relation = self.catalog.find(schema, name)
        if relation is None:
            system = system_views.find(schema, name, database=self.database)
            return system if system is not None else self._missing(schema, name)
        self.reads.add(relation.oid)
        return self._view(relation) if relation.is_view else rows_of(relation)

    def _missing(self, schema: str | None, name: str) -> Query:
        self.catalog.get(schema, name)
        raise AssertionError(name)

    def _view(self, view: Relation) -> Query:
        """A view is its query, analysed again."""
        inner = replace(self, named={}, outer=None, depth=self.depth + 1)
        tree = prepared(parse(view.definition or ""), user=self.user, database=self.database)
        query = inner.query(tree)
        if view.columns and len(view.columns) != len(query.columns):
            message = f'view "{view.name}" does not fit what it reads any more'
            raise RedshiftError(message, "42P16")
        names = [column.name for column in view.columns] or [
            c.name or "?column?" for c in query.columns
        ]
        pairs = zip(query.columns, names, strict=True)
        return Query(f"({query.sql})", [replace(column, name=name) for column, name in pairs])


def rows_of(relation: Relation) -> Query:
    """A read of a table, in DuckDB's text."""
    fields = [
        Field(each.name, Typed(quote_name(each.name), each.type)) for each in relation.columns
    ]
    return Query(relation.storage, fields)


def new_context(
    *,
    catalog: Catalog,
    user: str,
    database: str,
    now: str,
    evaluate: Callable[[str], Any],
    reads: set[int],
) -> QueryContext:
    """What is around the outermost query of a statement."""
    statement = Statement(now=now, evaluate=evaluate, language=REDSHIFT_LANGUAGE)
    return QueryContext(statement, database, catalog=catalog, user=user, reads=reads)
