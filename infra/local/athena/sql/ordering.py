"""ORDER BY, and the inside of OVER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.athena.errors import syntax_error, unsupported
from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.parser import position_of
from infra.local.athena.types import BIGINT

if TYPE_CHECKING:
    from infra.local.athena.sql.expressions import Expressions


def direction(node: exp.Ordered) -> str:
    """` DESC NULLS LAST`: without a word, NULLs come last either way."""
    if node.args.get("with_fill"):
        raise syntax_error("ORDER BY has no WITH FILL", position_of(node))
    nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
    return f"{'DESC' if node.args.get('desc') else 'ASC'} NULLS {nulls}"


def ordering(expressions: Expressions, order: exp.Order) -> str:
    """`ORDER BY …` inside of a call or a window, where numbers are no positions."""
    keys = (
        f"{expressions.translate(each.this).sql} {direction(each)}" for each in order.expressions
    )
    return f"ORDER BY {', '.join(keys)}"


def partition_and_frame(expressions: Expressions, node: exp.Window) -> str:
    """What stands between the parentheses of OVER, named windows written out."""
    alias = node.args.get("alias")
    base = _named(expressions, alias).args if isinstance(alias, exp.Identifier) else {}
    partition, order, spec = (
        node.args.get(part) or base.get(part) for part in ("partition_by", "order", "spec")
    )
    parts = []
    if partition:
        keys = ", ".join(value.sql for value in expressions.translate_all(partition))
        parts.append(f"PARTITION BY {keys}")
    if order:
        parts.append(ordering(expressions, order))
    if spec:
        parts.append(_frame(expressions, spec))
    return " ".join(parts)


def _named(expressions: Expressions, alias: exp.Identifier) -> exp.Window:
    found = expressions.windows.get(alias.name.lower())
    if found is None:
        raise syntax_error(f"Window '{alias.name}' is not defined", position_of(alias))
    return found


def _frame(expressions: Expressions, spec: exp.WindowSpec) -> str:
    if spec.args.get("exclude"):
        raise syntax_error("a window frame has no EXCLUDE", position_of(spec))
    kind = spec.args.get("kind", "").upper()
    if kind not in ("ROWS", "RANGE", "GROUPS"):
        raise unsupported(f"the window frame {kind}", position_of(spec))
    start = _bound(expressions, spec.args.get("start"), spec.args.get("start_side"))
    if spec.args.get("end") is None:
        return f"{kind} {start}"
    end = _bound(expressions, spec.args["end"], spec.args.get("end_side"))
    return f"{kind} BETWEEN {start} AND {end}"


def _bound(expressions: Expressions, value: exp.Expr | str | None, side: str | None) -> str:
    if isinstance(value, exp.Expr):
        amount = expressions.translate(value)
        if amount.type.is_integer:
            amount = coerce(amount, BIGINT)
        return f"{amount.sql} {side}"
    return f"{value or ''} {side or ''}".strip()
