"""One expression of a query: its type, and its text for DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import Position, located, syntax_error, unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql import calls, conditions, containers, literals
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.coercion import coerce, common_type_of
from infra.local.athena.sql.operators import arithmetic
from infra.local.athena.sql.parser import DecimalLiteral, TimestampLiteral, position_of
from infra.local.athena.sql.scope import Scope, Typed, boolean
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import (
    BOOLEAN,
    DATE,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    Type,
    array,
    row_field,
)

if TYPE_CHECKING:
    from infra.local.athena.sql.query import Context


class Expressions:
    """Translates the expressions of one clause, whose columns are those of `scope`."""

    def __init__(
        self, scope: Scope, context: Context, *, windows: dict[str, exp.Window] | None = None
    ) -> None:
        self.scope = scope
        self.context = context
        self.language = context.statement.language
        self.windows = windows or {}

    def translate(self, node: exp.Expr) -> Typed:
        """The expression typed.

        Raises:
            QueryError: it is wrong, or this engine has no rule for it.
        """
        rule = self.language.rules.get(type(node))
        if rule is None:
            raise unsupported(f"the expression {node.key.upper()}", position_of(node))
        return rule(self, node)

    def translate_all(self, nodes: Sequence[exp.Expr]) -> list[Typed]:
        """Each of them."""
        return [self.translate(node) for node in nodes]

    def condition(self, node: exp.Expr, where: str) -> str:
        """A boolean, for WHERE, ON, HAVING and the like."""
        value = self.translate(node)
        if value.type not in (BOOLEAN, UNKNOWN):
            message = f"{where} must evaluate to a boolean: actual type {value.type}"
            raise located("TYPE_MISMATCH", message, position_of(node))
        return value.sql

    def unify(self, values: Sequence[Typed], position: Position, what: str) -> list[Typed]:
        """All of them as their common type."""
        common = common_type_of([value.type for value in values])
        if common is None:
            kinds = ", ".join(dict.fromkeys(str(value.type) for value in values))
            message = f"All {what} must be the same type or coercible to a common type: {kinds}"
            raise located("TYPE_MISMATCH", message, position)
        return [coerce(value, common) for value in values]

    def function_of(self, node: exp.Expr, types: Sequence[Type]) -> tuple[str, Type]:
        """A lambda over parameters of these types: DuckDB's text and the type it returns."""
        if not isinstance(node, exp.Lambda) or len(node.expressions) != len(types):
            raise syntax_error(f"expected a lambda with {len(types)} parameters", position_of(node))
        scope = Scope(parent=self.scope)
        names = []
        for parameter, kind in zip(node.expressions, types, strict=True):
            names.append(fresh_name())
            scope.add(parameter.name.lower(), Typed(names[-1], kind))
        body = Expressions(scope, self.context).translate(node.this)
        return f"lambda {', '.join(names)}: {body.sql}", body.type

    # Columns and fields

    def _column(self, node: exp.Column) -> Typed:
        return self.name([part.name.lower() for part in node.parts], position_of(node))

    def _identifier(self, node: exp.Identifier) -> Typed:
        """A parameter of a lambda."""
        return self.name([node.name.lower()], position_of(node))

    def name(self, parts: list[str], position: Position) -> Typed:
        """A column, `relation.column`, or a field of a row in either."""
        for qualifiers in range(len(parts) - 1, -1, -1):
            relation = parts[qualifiers - 1] if qualifiers else None
            found = self.scope.find(parts[qualifiers], relation, position)
            if found is not None:
                value = found.value
                for field in parts[qualifiers + 1 :]:
                    value = self._field(value, field, position)
                return value
        raise located(
            "COLUMN_NOT_FOUND", f"Column '{'.'.join(parts)}' cannot be resolved", position
        )

    def _dot(self, node: exp.Dot) -> Typed:
        if not isinstance(node.expression, exp.Identifier):
            raise unsupported("this use of a dot", position_of(node))
        return self._field(
            self.translate(node.this), node.expression.name.lower(), position_of(node)
        )

    @staticmethod
    def _field(value: Typed, name: str, position: Position) -> Typed:
        if value.type.name != "row" or name not in value.type.fields:
            message = f"Column '{name}' cannot be resolved in {value.type}"
            raise located("COLUMN_NOT_FOUND", message, position)
        index = value.type.fields.index(name)
        return Typed(f"({value.sql}).{row_field(index)}", value.type.items[index])

    def _bracket(self, node: exp.Bracket) -> Typed:
        container = self.translate(node.this)
        if len(node.expressions) != 1:
            raise syntax_error("a subscript has one index", position_of(node))
        return containers.subscript(
            container, self.translate(node.expressions[0]), position_of(node)
        )

    # Operators

    def _arithmetic(self, node: exp.Binary) -> Typed:
        left, right = self.translate(node.left), self.translate(node.right)
        return arithmetic(_ARITHMETIC[type(node)], left, right, position_of(node))

    def _negated(self, node: exp.Neg) -> Typed:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return literals.number(f"-{node.this.name}")
        value = self.translate(node.this)
        if not value.type.is_numeric and not value.type.name.startswith("interval"):
            message = f"Cannot negate {value.type}"
            raise located("TYPE_MISMATCH", message, position_of(node))
        return Typed(f"(-({value.sql}))", value.type)

    def _concatenated(self, node: exp.DPipe) -> Typed:
        left, right = self.translate(node.left), self.translate(node.right)
        return containers.concatenated([left, right], position_of(node), self)

    # Casts, constructors, subqueries

    def _cast(self, node: exp.Cast) -> Typed:
        if node.args.get("format") or node.args.get("default"):
            raise syntax_error("a cast has no format", position_of(node))
        to = literals.sql_type(node.to)
        safe = isinstance(node, exp.TryCast)
        value = self.translate(node.this)
        result = cast(value, to, safe=safe, position=position_of(node))
        return Typed(result.sql, result.type, value.constant)

    def _array(self, node: exp.Array) -> Typed:
        if not node.expressions:
            return Typed("[]::VARCHAR[]", array(UNKNOWN))
        values = self.translate_all(node.expressions)
        values = self.unify(values, position_of(node), "ARRAY elements")
        return Typed(f"[{', '.join(value.sql for value in values)}]", array(values[0].type))

    def _tuple(self, node: exp.Tuple) -> Typed:
        return containers.row_of(self.translate_all(node.expressions))

    def _subquery(self, node: exp.Subquery) -> Typed:
        column = self.context.column(node, self.scope)
        return Typed(f"({column.sql})", column.type)

    def _exists(self, node: exp.Exists) -> Typed:
        return boolean(f"EXISTS ({self.context.nested(node.this, self.scope).sql})")

    def _at_time_zone(self, node: exp.AtTimeZone) -> Typed:
        value, zone = self.translate(node.this), self.translate(node.args["zone"])
        if zone.constant is None:
            raise unsupported("a time zone that is no literal", position_of(node))
        kind = Type(TIMESTAMP_TZ.name, zone=literals.zone(zone.constant, position_of(node)))
        if value.type.name == "timestamp":
            return Typed(f"timezone('UTC', {value.sql})", kind)
        if value.type.name != TIMESTAMP_TZ.name:
            message = f"Type of value must be a time or timestamp: actual type {value.type}"
            raise located("TYPE_MISMATCH", message, position_of(node))
        return Typed(value.sql, kind)

    def _extract(self, node: exp.Extract) -> Typed:
        return calls.call(self, node.this.name.lower(), [node.expression], position_of(node))

    def _trim(self, node: exp.Trim) -> Typed:
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(
            node.args.get("position") or "", "trim"
        )
        nodes = [node.this, node.expression] if node.expression else [node.this]
        return calls.call(self, name, nodes, position_of(node))

    def _position(self, node: exp.StrPosition) -> Typed:
        return calls.call(self, "strpos", [node.this, node.args["substr"]], position_of(node))

    def _anonymous(self, node: exp.Anonymous) -> Typed:
        return calls.call(self, node.name.lower(), node.expressions, position_of(node))

    def _now(self, node: exp.Expr) -> Typed:
        moment = self.context.statement.now
        if isinstance(node, exp.CurrentDate):
            return Typed(f"DATE {quote_text(moment[:10])}", DATE)
        if isinstance(node, exp.CurrentTimestamp):
            return Typed(f"TIMESTAMPTZ {quote_text(moment + '+00')}", TIMESTAMP_TZ)
        return Typed(f"TIMESTAMP {quote_text(moment)}", TIMESTAMP)


_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
Rule = Callable[..., Typed]
"""Translates one kind of node: `(expressions, node) -> Typed`."""

RULES: dict[type[exp.Expr], Rule] = {
    exp.Column: Expressions._column,
    exp.Identifier: Expressions._identifier,
    exp.Dot: Expressions._dot,
    exp.Bracket: Expressions._bracket,
    **dict.fromkeys(_ARITHMETIC, Expressions._arithmetic),
    **conditions.RULES,
    exp.Neg: Expressions._negated,
    exp.DPipe: Expressions._concatenated,
    exp.Cast: Expressions._cast,
    exp.TryCast: Expressions._cast,
    exp.Array: Expressions._array,
    exp.Tuple: Expressions._tuple,
    exp.Subquery: Expressions._subquery,
    exp.Exists: Expressions._exists,
    exp.AtTimeZone: Expressions._at_time_zone,
    exp.Extract: Expressions._extract,
    exp.Trim: Expressions._trim,
    exp.StrPosition: Expressions._position,
    exp.Anonymous: Expressions._anonymous,
    exp.CurrentDate: Expressions._now,
    exp.CurrentTimestamp: Expressions._now,
    exp.Localtimestamp: Expressions._now,
    exp.Paren: lambda self, node: self.translate(node.this),
    exp.Literal: lambda _, node: literals.literal(node),
    DecimalLiteral: lambda _, node: literals.decimal_literal(node),
    TimestampLiteral: lambda _, node: literals.timestamp(node),
    exp.HexString: lambda _, node: literals.hexadecimal(node),
    exp.Interval: lambda _, node: literals.interval(node),
    exp.Boolean: lambda _, node: boolean("true" if node.this else "false"),
    exp.Null: lambda _self, _node: literals.NULL,
    exp.Window: calls.window,
    exp.Filter: calls.filtered,
    exp.GroupConcat: calls.listagg,
    exp.WithinGroup: calls.within_group,
}
