"""JSON: https://trino.io/docs/current/functions/json.html."""

from __future__ import annotations

import re

from infra.local.athena.errors import unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, BOOLEAN, JSON, VARCHAR

_STEP = re.compile(r"\.(?P<name>[A-Za-z_][\w$-]*)|\[(?P<index>\d+)\]|\[\"(?P<quoted>[^\"]*)\"\]")


def _path(call: Call) -> str:
    """DuckDB's path for a literal path of members and indices."""
    text = call.constant(1)
    rest, steps = text.removeprefix("$"), []
    while rest:
        match = _STEP.match(rest)
        if match is None or not text.startswith("$"):
            raise unsupported(f"the JSON path {text!r}", call.position)
        name = match["name"] or match["quoted"]
        steps.append(f"[{match['index']}]" if name is None else f'."{name}"')
        rest = rest[match.end() :]
    return quote_text("$" + "".join(steps))


def _document(call: Call) -> str:
    """The first argument as JSON; text that is none is NULL."""
    value = call.argument(0)
    if value.type == JSON:
        return value.sql
    text = call.take(value, VARCHAR).sql
    return f"CASE WHEN json_valid({text}) THEN CAST({text} AS JSON) END"


@function("json_parse")
def _parse(call: Call) -> Typed:
    text = call.take(call.argument(0), VARCHAR).sql
    message = f"'INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: ' || {text}"
    return Typed(guarded(f"json_valid({text})", f"CAST({text} AS JSON)", message, JSON), JSON)


@function("json_format")
def _format(call: Call) -> Typed:
    value = call.argument(0)
    if value.type != JSON:
        raise call.unexpected([value])
    return Typed(f"CAST(json({value.sql}) AS VARCHAR)", VARCHAR)


@function("json_extract")
def _extract(call: Call) -> Typed:
    return Typed(f"json_extract({_document(call)}, {_path(call)})", JSON)


@function("json_extract_scalar")
def _extract_scalar(call: Call) -> Typed:
    """NULL for an object or an array."""
    document, path = _document(call), _path(call)
    test = f"json_type({document}, {path}) NOT IN ('OBJECT', 'ARRAY')"
    found = f"json_extract_string({document}, {path})"
    return Typed(f"CASE WHEN {test} THEN {found} END", VARCHAR)


@function("json_array_length")
def _array_length(call: Call) -> Typed:
    document = _document(call)
    test = f"json_type({document}) = 'ARRAY'"
    return Typed(f"CASE WHEN {test} THEN CAST(json_array_length({document}) AS BIGINT) END", BIGINT)


@function("json_size")
def _size(call: Call) -> Typed:
    document, path = _document(call), _path(call)
    sql = (
        f"CASE json_type({document}, {path})"
        f" WHEN 'ARRAY' THEN CAST(json_array_length({document}, {path}) AS BIGINT)"
        f" WHEN 'OBJECT' THEN CAST(len(json_keys({document}, {path})) AS BIGINT)"
        f" ELSE CASE WHEN json_type({document}, {path}) IS NOT NULL THEN 0 END END"
    )
    return Typed(sql, BIGINT)


@function("is_json_scalar")
def _is_scalar(call: Call) -> Typed:
    return Typed(f"(json_type({_document(call)}) NOT IN ('OBJECT', 'ARRAY'))", BOOLEAN)


@function("json_array_contains")
def _array_contains(call: Call) -> Typed:
    document, wanted = _document(call), call.arguments(2)[1]
    if not (wanted.type.is_integer or wanted.type in (VARCHAR, BOOLEAN)):
        raise call.unexpected([wanted])
    return Typed(f"json_contains({document}, to_json({wanted.sql}))", BOOLEAN)
