"""Queries: SELECT, set operations, VALUES and WITH, each as one text of DuckDB."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from infra.local.athena.catalog import Table
from infra.local.athena.errors import located, syntax_error, unsupported
from infra.local.athena.sql import named, select
from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.language import ATHENA, Language
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.plan import Query, Scan
from infra.local.athena.sql.scope import Field, Scope, Typed
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from infra.local.athena.iceberg.table import TableVersion

MAX_DEPTH = 40
"""Views in views and WITH in WITH: past this a query is refused rather than run out of stack."""


class Statement:
    """What all queries of one statement share: the catalog, the tables read, the moment."""

    def __init__(
        self,
        *,
        now: str,
        evaluate: Callable[[str], Any],
        catalog: named.TableFinder | None = None,
        language: Language = ATHENA,
    ) -> None:
        self._catalog = catalog
        self.language = language
        self.now = now
        """`YYYY-MM-DD HH:MM:SS.mmm` in UTC: one moment for the whole statement."""
        self.evaluate = evaluate
        """The value of a constant, which is DuckDB's text."""
        self.scans: list[Scan] = []
        self._numbers = itertools.count()

    @property
    def catalog(self) -> named.TableFinder:
        """Where Athena's names are looked up; an engine with its own tables has none."""
        assert self._catalog is not None  # noqa: S101 - such an engine has its own Context.table
        return self._catalog

    def fresh(self, prefix: str) -> str:
        """A name inside of DuckDB that no other has."""
        return f"{prefix}{next(self._numbers)}"

    def scan(
        self, table: Table, version: TableVersion | None = None, *, metadata: str = ""
    ) -> Scan:
        """A read of the table, of its own."""
        scan = Scan(self.fresh("scan"), table, version=version, metadata=metadata)
        self.scans.append(scan)
        return scan


@dataclass(frozen=True, slots=True)
class Context:
    """What is around a query: the statement, the database, WITH, the columns outside."""

    statement: Statement
    database: str
    named: Mapping[str, Callable[[], Query]] = field(default_factory=dict)
    outer: Scope | None = None
    depth: int = 0

    def query(self, node: exp.Expr) -> Query:
        """Translate a query.

        Raises:
            QueryError: it is wrong, or this engine has no rule for a part of it.
        """
        if self.depth > MAX_DEPTH:
            raise unsupported(f"a query of more than {MAX_DEPTH} levels", position_of(node))
        context = self._with_clause(node)
        match node:
            case exp.Select():
                return select.translate(context, node)
            case exp.SetOperation():
                return _ordered(context, _set_operation(context, node), node)
            case exp.Subquery():
                return _ordered(context, context.query(node.this), node)
            case exp.Values():
                return _values(context, node)
            case exp.Table() if node.args.get("joins") is None:
                return context.table(node)
        raise unsupported(f"the query {node.key.upper()}", position_of(node))

    def table(self, node: exp.Table) -> Query:
        """A table, a view, or a query of WITH, by its name; text that can stand in FROM."""
        return named.translate(self, node)

    def nested(self, node: exp.Expr, outer: Scope) -> Query:
        """A subquery in an expression, which sees the columns outside."""
        return replace(self, outer=outer, depth=self.depth + 1).query(node)

    def column(self, node: exp.Expr, outer: Scope) -> Query:
        """A subquery in an expression that has to have one column."""
        query = self.nested(node, outer)
        if len(query.columns) != 1:
            message = f"Subquery has {len(query.columns)} columns where one is needed"
            raise located("TYPE_MISMATCH", message, position_of(node))
        return query

    def _with_clause(self, node: exp.Expr) -> Context:
        clause = node.args.get("with_")
        context = replace(self, depth=self.depth + 1)
        if clause is None:
            return context
        if clause.args.get("recursive"):
            raise unsupported("WITH RECURSIVE", position_of(clause))
        for each in clause.expressions:
            query = _common_table(context, each)
            context = replace(context, named={**context.named, each.alias.lower(): query})
        return context


def _common_table(context: Context, node: exp.CTE) -> Callable[[], Query]:
    """A query of WITH: translated anew where it is named, as Trino does, so that it is pruned."""

    def translate() -> Query:
        query = context.query(node.this)
        alias = node.args["alias"]
        renamed = [each.name.lower() for each in alias.columns]
        if renamed and len(renamed) != len(query.columns):
            message = (
                f"Column alias list has {len(renamed)} entries"
                f" but relation has {len(query.columns)} columns"
            )
            raise located("MISMATCHED_COLUMN_ALIASES", message, position_of(alias))
        if not renamed:
            return query
        pairs = zip(query.columns, renamed, strict=True)
        return Query(query.sql, [replace(column, name=name) for column, name in pairs])

    return translate


_OPERATIONS = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def _set_operation(context: Context, node: exp.SetOperation) -> Query:
    if node.args.get("by_name") or node.args.get("side") or node.args.get("kind"):
        raise syntax_error("set operations match columns by place", position_of(node))
    left, right = context.query(node.left), context.query(node.right)
    word = _OPERATIONS[type(node)]
    if len(left.columns) != len(right.columns):
        message = (
            f"{word} query has different number of fields:"
            f" {len(left.columns)}, {len(right.columns)}"
        )
        raise located("TYPE_MISMATCH", message, position_of(node))
    columns = []
    for i, (one, other) in enumerate(zip(left.columns, right.columns, strict=True)):
        kind = common_type(one.value.type, other.value.type)
        if kind is None:
            message = (
                f"column {i + 1} in {word} query has incompatible types:"
                f" {one.value.type}, {other.value.type}"
            )
            raise located("TYPE_MISMATCH", message, position_of(node))
        unchanged = one.value.type == other.value.type
        partitions = one.partitions | other.partitions if unchanged else frozenset()
        columns.append(Field(one.name, Typed(f"c{i}", kind), partitions=partitions))
    if not node.args.get("distinct"):
        word = f"{word} ALL"
    types = [column.value.type for column in columns]
    return Query(f"({_as_types(left, types)}) {word} ({_as_types(right, types)})", columns)


def _as_types(query: Query, types: list[Type]) -> str:
    values = [coerce(c.value, kind) for c, kind in zip(query.columns, types, strict=True)]
    items = ", ".join(f"{value.sql} AS c{i}" for i, value in enumerate(values))
    return f"SELECT {items} FROM ({query.sql})"


def _ordered(context: Context, query: Query, node: exp.Expr) -> Query:
    """ORDER BY and LIMIT behind a set operation or behind parentheses."""
    if not any(node.args.get(part) for part in ("order", "limit", "offset")):
        return query
    alias = context.statement.fresh("r")
    items = ", ".join(f"{c.value.sql} AS c{i}" for i, c in enumerate(query.columns))
    outputs = [
        select.Output(c.name, Typed(f"{alias}.{c.value.sql}", c.value.type), None, frozenset())
        for c in query.columns
    ]
    tail = select.tail(context, node, outputs, Scope([], context.outer))
    columns = [Field(c.name, Typed(f"c{i}", c.value.type)) for i, c in enumerate(query.columns)]
    return Query(f"SELECT {items} FROM ({query.sql}) AS {alias}{tail}", columns)


def _values(context: Context, node: exp.Values) -> Query:
    expressions = Expressions(Scope(parent=context.outer), context)
    rows = [
        expressions.translate_all(each.expressions if isinstance(each, exp.Tuple) else [each])
        for each in node.expressions
    ]
    if len({len(row) for row in rows}) != 1:
        message = "Values rows have mismatched sizes"
        raise located("TYPE_MISMATCH", message, position_of(node))
    columns = [
        expressions.unify(list(column), position_of(node), "VALUES of a column")
        for column in zip(*rows, strict=True)
    ]
    texts = (f"({', '.join(value.sql for value in row)})" for row in zip(*columns, strict=True))
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    fields = [Field(f"_col{i}", Typed(f"c{i}", column[0].type)) for i, column in enumerate(columns)]
    return Query(f"SELECT * FROM (VALUES {', '.join(texts)}) AS v({names})", fields)
