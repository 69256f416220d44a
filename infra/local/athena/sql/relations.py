"""FROM: tables, views, subqueries, UNNEST and VALUES, and how they join."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import located, syntax_error, unsupported
from infra.local.athena.session import quote_name
from infra.local.athena.sql import pruning
from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.operators import compare
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Field, PartitionColumn, Scope, Typed, nullable
from infra.local.athena.types import BIGINT, row_field

if TYPE_CHECKING:
    from infra.local.athena.sql.query import Context


@dataclass(frozen=True, slots=True)
class Source:
    """A relation in FROM: DuckDB's text and the columns it brings into sight."""

    sql: str
    fields: list[Field]


class Relations:
    """Translates the FROM clause of one query."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def from_clause(self, select: exp.Select) -> Source:
        """FROM with all of its joins; no text where there is no FROM."""
        clause = select.args.get("from_")
        joins = select.args.get("joins") or []
        if clause is None:
            return Source("", [])
        source = self._relation(clause.this, [])
        for join in joins:
            source = self._join(source, join)
        return source

    def relation(self, node: exp.Expr) -> Source:
        """One relation, as in USING of MERGE."""
        return self._relation(node, [])

    def _relation(self, node: exp.Expr, before: list[Field]) -> Source:
        """One relation; `before` is what a lateral one sees."""
        if node.args.get("sample") or isinstance(node, exp.TableSample):
            raise unsupported("TABLESAMPLE", position_of(node))
        if node.args.get("pivots") or node.args.get("match"):
            raise unsupported("this relation", position_of(node))
        alias = node.args.get("alias")
        match node:
            case exp.Table() if isinstance(node.this, exp.Identifier):
                source = self._named(node)
            case exp.Unnest():
                return self._unnest(node, before)
            case exp.Lateral() if isinstance(node.this, exp.Subquery):
                outer = Scope(before, self._context.outer)
                source = self._derived(node.this.this, alias or node.this.args.get("alias"), outer)
            case exp.Lateral() if isinstance(node.this, exp.Unnest):
                return self._unnest(node.this, before)
            case exp.Subquery() | exp.Values():
                source = self._derived(node, alias, self._context.outer)
            case exp.Paren() | exp.Table():
                raise unsupported("this relation", position_of(node))
            case _:
                raise unsupported(f"the relation {node.key.upper()}", position_of(node))
        joins = node.args.get("joins") or []
        for join in joins:
            source = self._join(source, join)
        return source

    def _named(self, node: exp.Table) -> Source:
        """A table, a view, or a query of WITH."""
        alias = node.args.get("alias")
        name = node.name.lower()
        query = self._context.table(node)
        return self._aliased(query.sql, query.columns, alias, name)

    def _derived(self, node: exp.Expr, alias: exp.TableAlias | None, outer: Scope | None) -> Source:
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            # Parentheses around a join.
            inner = self._relation(node.this, [])
            for join in node.args.get("joins") or []:
                inner = self._join(inner, join)
            if alias is not None:
                raise unsupported("an alias of a join in parentheses", position_of(node))
            return Source(f"({inner.sql})", inner.fields)
        query = replace(self._context, outer=outer).query(node)
        return self._aliased(f"({query.sql})", query.columns, alias, None)

    def _aliased(
        self,
        sql: str,
        columns: list[Field],
        alias: exp.TableAlias | None,
        name: str | None,
    ) -> Source:
        """A relation under its alias; inside DuckDB it has a name that no other has."""
        own = self._context.statement.fresh("r")
        visible = alias.this.name.lower() if alias is not None and alias.this else name
        renamed = [each.name.lower() for each in alias.columns] if alias is not None else []
        shown = [column for column in columns if not column.hidden]
        if renamed and len(renamed) != len(shown):
            message = (
                f"Column alias list has {len(renamed)} entries"
                f" but '{visible}' has {len(shown)} columns"
            )
            raise located("MISMATCHED_COLUMN_ALIASES", message, position_of(alias or exp.Null()))
        names = iter(renamed)
        fields = [
            replace(
                column,
                name=next(names) if renamed and not column.hidden else column.name,
                value=Typed(f"{own}.{column.value.sql}", column.value.type),
                relation=visible,
            )
            for column in columns
        ]
        return Source(f"{sql} AS {own}", fields)

    # Joins

    def _join(self, left: Source, join: exp.Join) -> Source:
        side = (join.args.get("side") or "").upper()
        kind = (join.args.get("kind") or "").upper()
        if join.args.get("method") or kind not in ("", "INNER", "OUTER", "CROSS"):
            words = (join.args.get("method"), kind, "JOIN")
            raise unsupported(" ".join(word for word in words if word), position_of(join))
        right = self._relation(join.this, left.fields)
        using, condition = join.args.get("using"), join.args.get("on")
        if using:
            return self._join_using(left, right, side, using)
        outer_left = nullable(left.fields) if side in ("RIGHT", "FULL") else left.fields
        outer_right = nullable(right.fields) if side in ("LEFT", "FULL") else right.fields
        fields = [*outer_left, *outer_right]
        if condition is None:
            if side:
                raise syntax_error(f"{side} JOIN needs ON or USING", position_of(join))
            return Source(f"{left.sql} CROSS JOIN {right.sql}", fields)
        scope = Scope([*left.fields, *right.fields], self._context.outer)
        # A condition of the join holds on the side that has to match.
        prunable = {"": scope.fields, "LEFT": right.fields, "RIGHT": left.fields}.get(side, [])
        test = Expressions(scope, self._context).condition(condition, "JOIN ON clause")
        pruning.register(self._context, condition, prunable)
        return Source(f"{left.sql} {side} JOIN {right.sql} ON {test}", fields)

    def _join_using(self, left: Source, right: Source, side: str, using: list[exp.Expr]) -> Source:
        """The columns of USING come first, once, and have no qualifier."""
        merged, tests, names = [], [], []
        for column in using:
            name, position = column.name.lower(), position_of(column)
            one = Scope(left.fields).find(name, None, position)
            other = Scope(right.fields).find(name, None, position)
            if one is None or other is None:
                where = "left" if one is None else "right"
                message = f"Column '{name}' is missing from {where} side of join"
                raise located("COLUMN_NOT_FOUND", message, position)
            tests.append(compare("=", one.value, other.value, position).sql)
            names.append(name)
            merged.append(_merged(one, other, side))
        fields = [
            *merged,
            *(
                f
                for f in (nullable(left.fields) if side in ("RIGHT", "FULL") else left.fields)
                if f.name not in names
            ),
            *(
                f
                for f in (nullable(right.fields) if side in ("LEFT", "FULL") else right.fields)
                if f.name not in names
            ),
        ]
        return Source(f"{left.sql} {side} JOIN {right.sql} ON {' AND '.join(tests)}", fields)

    # UNNEST

    def _unnest(self, node: exp.Unnest, before: list[Field]) -> Source:
        expressions = Expressions(Scope(before, self._context.outer), self._context)
        values = expressions.translate_all(node.expressions)
        columns: list[Typed] = []
        lengths: list[str] = []
        for value in values:
            columns += _unnested(value, node)
            lengths.append(f"coalesce(len({_list_of(value)}), 0)")
        if node.args.get("offset"):
            numbers = f"unnest(range(1, greatest({', '.join(lengths)}, 0) + 1))"
            columns.append(Typed(numbers, BIGINT))
        names = [quote_name(f"c{i}") for i in range(len(columns))]
        items = ", ".join(f"{c.sql} AS {n}" for c, n in zip(columns, names, strict=True))
        alias = node.args.get("alias")
        inner = [Field(None, Typed(n, c.type)) for c, n in zip(columns, names, strict=True)]
        offset = node.args.get("offset")
        if alias is not None and alias.columns and isinstance(offset, exp.Identifier):
            alias = alias.copy()
            alias.set("columns", [*alias.columns, offset])
        if node.find(exp.Column) is None:
            return self._aliased(f"(SELECT {items})", inner, alias, None)
        return self._aliased(f"LATERAL (SELECT {items})", inner, alias, None)


def _merged(left: Field, right: Field, side: str) -> Field:
    """The column of USING: the left one's value, the right one's, or the one that is there."""
    kind = common_type(left.value.type, right.value.type)
    assert kind is not None  # noqa: S101 - compare() has refused others
    one, other = coerce(left.value, kind), coerce(right.value, kind)
    if side == "FULL":
        return Field(left.name, Typed(f"coalesce({one.sql}, {other.sql})", kind))
    partitions = frozenset[PartitionColumn]()
    if left.value.type == right.value.type:
        partitions = {"LEFT": left.partitions, "RIGHT": right.partitions}.get(
            side, left.partitions | right.partitions
        )
    return Field(left.name, other if side == "RIGHT" else one, partitions=partitions)


def _list_of(value: Typed) -> str:
    return f"map_keys({value.sql})" if value.type.name == "map" else value.sql


def _unnested(value: Typed, node: exp.Unnest) -> list[Typed]:
    """The columns that one argument of UNNEST becomes."""
    if value.type.name == "map":
        return [
            Typed(f"unnest(map_keys({value.sql}))", value.type.items[0]),
            Typed(f"unnest(map_values({value.sql}))", value.type.items[1]),
        ]
    if value.type.name != "array":
        message = f"Cannot unnest type: {value.type}"
        raise located("TYPE_MISMATCH", message, position_of(node))
    element = value.type.element
    if element.name == "row":
        return [
            Typed(f"(unnest({value.sql})).{row_field(i)}", item)
            for i, item in enumerate(element.items)
        ]
    return [Typed(f"unnest({value.sql})", element)]
