"""SELECT: which columns it has, what it groups and orders by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import located, syntax_error, unsupported
from infra.local.athena.sql import pruning
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.ordering import direction
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.relations import Relations
from infra.local.athena.sql.scope import Field, PartitionColumn, Scope, Typed

if TYPE_CHECKING:
    from infra.local.athena.sql.query import Context

_KNOWN = {
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "windows",
    "distinct",
    "order",
    "limit",
    "offset",
    "with_",
    "kind",
}


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the result."""

    name: str | None
    value: Typed
    node: exp.Expr | None
    """What stands in the query, None for a column of `*`."""
    partitions: frozenset[PartitionColumn]


def translate(context: Context, node: exp.Select) -> Query:
    """The SELECT as DuckDB's."""
    _refuse_foreign(node)
    source = Relations(context).from_clause(node)
    scope = Scope(source.fields, context.outer)
    windows = {each.name.lower(): each for each in node.args.get("windows") or []}
    expressions = Expressions(scope, context, windows=windows)

    where = ""
    if clause := node.args.get("where"):
        where = f" WHERE {expressions.condition(clause.this, 'WHERE clause')}"
        pruning.register(context, clause.this, source.fields)
    outputs = _outputs(expressions, node, source.fields)
    group = _group_by(expressions, node, outputs)
    having = ""
    if clause := node.args.get("having"):
        having = f" HAVING {expressions.condition(clause.this, 'HAVING clause')}"
    end = tail(context, node, outputs, scope, windows)
    items = ", ".join(f"{output.value.sql} AS c{i}" for i, output in enumerate(outputs))
    distinct = "DISTINCT " if node.args.get("distinct") else ""
    from_ = f" FROM {source.sql}" if source.sql else ""
    kept = _passes_filters(node)
    columns = [
        Field(
            output.name or f"_col{i}",
            Typed(f"c{i}", output.value.type),
            partitions=output.partitions if kept else frozenset(),
        )
        for i, output in enumerate(outputs)
    ]
    return Query(f"SELECT {distinct}{items}{from_}{where}{group}{having}{end}", columns)


def _refuse_foreign(node: exp.Select) -> None:
    """Clauses that the parser reads and Athena has not."""
    for name, value in node.args.items():
        if value and name not in _KNOWN:
            raise syntax_error(f"mismatched input '{name.strip('_').upper()}'", position_of(node))
    if not node.expressions:
        raise syntax_error("mismatched input 'FROM'", position_of(node))
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise syntax_error("mismatched input 'ON'", position_of(node))
    if node.args.get("kind"):
        raise syntax_error(f"mismatched input '{node.args['kind']}'", position_of(node))


def _outputs(expressions: Expressions, node: exp.Select, fields: list[Field]) -> list[Output]:
    outputs: list[Output] = []
    for each in node.expressions:
        if isinstance(each, exp.Star) or (
            isinstance(each, exp.Column) and isinstance(each.this, exp.Star)
        ):
            outputs += _star(each, fields)
            continue
        inner = each.this if isinstance(each, exp.Alias) else each
        if isinstance(inner, exp.Aliases):
            raise unsupported("a list of aliases", position_of(each))
        value = expressions.translate(inner)
        name = each.alias.lower() if isinstance(each, exp.Alias) else _own_name(inner)
        outputs.append(Output(name, value, inner, _passed_on(inner, expressions)))
    return outputs


def _own_name(node: exp.Expr) -> str | None:
    """A column and a field keep their names; everything else is `_col0`, `_col1`…"""
    if isinstance(node, exp.Column):
        return node.name.lower()
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return node.expression.name.lower()
    return None


def _passed_on(node: exp.Expr, expressions: Expressions) -> frozenset[PartitionColumn]:
    if not isinstance(node, exp.Column) or node.args.get("db"):
        return frozenset()
    relation = node.table.lower() or None
    found = expressions.scope.find(node.name.lower(), relation, position_of(node))
    return found.partitions if found else frozenset()


def _star(node: exp.Expr, fields: list[Field]) -> list[Output]:
    star = node.this if isinstance(node, exp.Column) else node
    if any(star.args.get(part) for part in ("except_", "replace", "rename", "ilike")):
        raise syntax_error("* takes no EXCEPT or REPLACE", position_of(node))
    relation = node.table.lower() if isinstance(node, exp.Column) else None
    shown = list(Scope(fields).visible(relation))
    if not shown:
        if relation is None:
            message = "SELECT * not allowed in queries without FROM clause"
            raise located("COLUMN_NOT_FOUND", message, position_of(node))
        raise located("TABLE_NOT_FOUND", f"Table '{relation}' not found", position_of(node))
    return [Output(field.name, field.value, None, field.partitions) for field in shown]


def _passes_filters(node: exp.Select) -> bool:
    """Whether a filter on this query's columns may go below it, to prune partitions."""
    group = node.args.get("group")
    if node.args.get("limit") or node.args.get("offset") or node.find(exp.Window):
        return False
    # A plain column beside aggregates is a key of the group, except in grouping sets.
    return group is None or not any(
        group.args.get(part) for part in ("grouping_sets", "cube", "rollup")
    )


def _group_by(expressions: Expressions, node: exp.Select, outputs: list[Output]) -> str:
    group = node.args.get("group")
    if group is None:
        return ""
    if group.args.get("all") or group.args.get("totals"):
        raise syntax_error("GROUP BY needs expressions", position_of(group))
    keys = [_group_key(expressions, each, outputs) for each in group.expressions]
    for sets in group.args.get("grouping_sets") or []:
        keys.append(
            f"GROUPING SETS ({', '.join(_group_set(expressions, s) for s in sets.expressions)})"
        )
    for word in ("cube", "rollup"):
        for each in group.args.get(word) or []:
            members = ", ".join(value.sql for value in expressions.translate_all(each.expressions))
            keys.append(f"{word.upper()} ({members})")
    return f" GROUP BY {', '.join(keys)}"


def _group_set(expressions: Expressions, node: exp.Expr) -> str:
    members = node.expressions if isinstance(node, exp.Tuple) else [node.unnest()]
    return f"({', '.join(value.sql for value in expressions.translate_all(members))})"


def _group_key(expressions: Expressions, node: exp.Expr, outputs: list[Output]) -> str:
    if isinstance(node, exp.Literal) and not node.is_string:
        return str(_position(node, outputs, "GROUP BY"))
    if isinstance(node, exp.Tuple) and not node.expressions:
        return "()"
    for i, output in enumerate(outputs, 1):
        if output.node is not None and output.node == node:
            return str(i)
    return expressions.translate(node).sql


def _position(node: exp.Literal, outputs: list[Output], clause: str) -> int:
    number = int(node.name) if node.name.isdigit() else 0
    if not 1 <= number <= len(outputs):
        message = f"{clause} position {node.name} is not in select list"
        raise located("INVALID_COLUMN_REFERENCE", message, position_of(node))
    return number


def tail(
    context: Context,
    node: exp.Expr,
    outputs: list[Output],
    scope: Scope,
    windows: dict[str, exp.Window] | None = None,
) -> str:
    """ORDER BY, OFFSET and LIMIT."""
    parts = ""
    if order := node.args.get("order"):
        names = [Field(output.name, output.value) for output in outputs if output.name]
        unique = {field.name: field for field in names}
        within = Expressions(Scope(list(unique.values()), scope), context, windows=windows)
        keys = ", ".join(_order_key(within, each, outputs) for each in order.expressions)
        parts += f" ORDER BY {keys}"
    if limit := node.args.get("limit"):
        count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise unsupported("FETCH … WITH TIES or PERCENT", position_of(limit))
        if not (isinstance(count, exp.Column) and count.name.upper() == "ALL"):
            parts += f" LIMIT {_row_count(count, 'LIMIT')}"
    if offset := node.args.get("offset"):
        parts += f" OFFSET {_row_count(offset.expression, 'OFFSET')}"
    return parts


def _row_count(node: exp.Expr | None, clause: str) -> int:
    if node is None:
        return 1
    if not isinstance(node, exp.Literal) or not node.name.isdigit():
        raise syntax_error(f"{clause} needs a number of rows", position_of(node))
    return int(node.name)


def _order_key(expressions: Expressions, node: exp.Ordered, outputs: list[Output]) -> str:
    """A position, an output column's name, or an expression."""
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return f"{_position(inner, outputs, 'ORDER BY')} {direction(node)}"
    value = expressions.translate(inner)
    for i, output in enumerate(outputs, 1):
        if output.value.sql == value.sql:
            return f"{i} {direction(node)}"
    return f"{value.sql} {direction(node)}"
