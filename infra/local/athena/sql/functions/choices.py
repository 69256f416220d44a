"""Functions of any type: coalesce, nullif, try, typeof, greatest, least."""

from __future__ import annotations

from infra.local.athena.errors import located
from infra.local.athena.session import quote_text
from infra.local.athena.sql.containers import row_of
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.operators import compare
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, VARCHAR


@function("coalesce")
def _coalesce(call: Call) -> Typed:
    values = call.expressions.unify(call.arguments(), call.position, "COALESCE operands")
    return Typed(f"coalesce({', '.join(v.sql for v in values)})", values[0].type)


@function("nullif")
def _nullif(call: Call) -> Typed:
    first, second = call.arguments(2)
    equal = compare("=", first, second, call.position)
    return Typed(f"CASE WHEN {equal.sql} THEN NULL ELSE {first.sql} END", first.type)


@function("try")
def _try(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return Typed(f"TRY({value.sql})", value.type)


@function("typeof")
def _typeof(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return Typed(quote_text(str(value.type)), VARCHAR)


@function("greatest", "least")
def _extreme(call: Call) -> Typed:
    """NULL as soon as one argument is, where DuckDB would pass over it."""
    values = call.expressions.unify(call.arguments(), call.position, f"{call.name} operands")
    if not values[0].type.is_numeric and values[0].type.name not in (
        "varchar",
        "date",
        "timestamp",
        "boolean",
        "unknown",
    ):
        raise call.unexpected(values)
    nulls = " OR ".join(f"{value.sql} IS NULL" for value in values)
    chosen = f"{call.name}({', '.join(value.sql for value in values)})"
    return Typed(f"CASE WHEN {nulls} THEN NULL ELSE {chosen} END", values[0].type)


@function("row")
def _row(call: Call) -> Typed:
    if not call.nodes:
        raise located("SYNTAX_ERROR", "a row has fields", call.position)
    return row_of(call.arguments())


@function("grouping", kind="aggregate")
def _grouping(call: Call) -> Typed:
    values = call.arguments()
    return Typed(f"CAST(grouping({', '.join(v.sql for v in values)}) AS BIGINT)", BIGINT)
