"""Window functions: https://trino.io/docs/current/functions/window.html."""

from __future__ import annotations

from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, DOUBLE


@function("row_number", "rank", "dense_rank", kind="window")
def _rank(call: Call) -> Typed:
    call.arguments(0)
    return Typed(call.aggregate(call.name), BIGINT)


@function("percent_rank", "cume_dist", kind="window")
def _share(call: Call) -> Typed:
    call.arguments(0)
    return Typed(call.aggregate(call.name), DOUBLE)


@function("ntile", kind="window")
def _ntile(call: Call) -> Typed:
    return Typed(call.aggregate("ntile", call.take(call.argument(0), BIGINT).sql), BIGINT)


@function("lag", "lead", kind="window")
def _neighbour(call: Call) -> Typed:
    value, *rest = call.arguments(1, 2, 3)
    arguments = [value.sql]
    if rest:
        arguments.append(call.take(rest[0], BIGINT).sql)
    if rest[1:]:
        arguments.append(call.take(rest[1], value.type).sql)
    return Typed(call.aggregate(call.name, *arguments), value.type)


@function("first_value", "last_value", kind="window")
def _end(call: Call) -> Typed:
    (value,) = call.arguments(1)
    return Typed(call.aggregate(call.name, value.sql), value.type)


@function("nth_value", kind="window")
def _nth(call: Call) -> Typed:
    value, number = call.arguments(2)
    return Typed(call.aggregate("nth_value", value.sql, call.take(number, BIGINT).sql), value.type)
