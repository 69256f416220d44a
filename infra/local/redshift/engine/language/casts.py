"""CAST, `::`, CONVERT, TRY_CAST, and what a column takes from an INSERT."""

from __future__ import annotations

from infra.local.athena.errors import Position, QueryError
from infra.local.athena.session import quote_text
from infra.local.athena.sql import casts
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import VARCHAR, Type, duckdb_type
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.language.text import text_of
from infra.local.redshift.engine.relation import Column
from infra.local.redshift.engine.types import full_name, length_bytes, name_of


def resolved(value: Typed) -> Typed:
    """A literal in quotes, which takes the type of its place, as the text that it is."""
    if value.type.name == "unknown" and value.constant is not None:
        return Typed(value.sql, VARCHAR, value.constant)
    return value


def cast(value: Typed, to: Type, *, safe: bool = False, position: Position | None = None) -> Typed:
    """`CAST(value AS to)`.

    Raises:
        QueryError: Redshift does not convert between these types.
    """
    value = resolved(value)
    if to.is_text:
        return _to_text(value, to, safe=safe)
    return casts.cast(value, to, safe=safe, position=position)


def _to_text(value: Typed, to: Type, *, safe: bool) -> Typed:
    """A text is cut to its new length, anything else has to fit."""
    size = length_bytes(to)
    text = text_of(value.sql, value.type)
    if value.type.is_text or value.type.name == "unknown":
        sql = f"left({text}, {size})"
    elif safe:
        sql = f"CASE WHEN octet_length(encode({text})) <= {size} THEN {text} END"
    else:
        sql = _checked(text, to)
    return Typed(f"rpad({sql}, {size}, ' ')" if to.name == "char" else sql, to)


def _checked(text: str, to: Type) -> str:
    """A text that fits into the bytes of its type, or a failure."""
    size = length_bytes(to)
    message = quote_text(f"STRING_TOO_LONG: value too long for type {full_name(to)}")
    return guarded(f"octet_length(encode({text})) <= {size}", text, message, to)


def _assignable(source: Type, target: Type) -> bool:
    """Whether a column of `target` takes a value of `source` without a cast."""
    if source.name in ("unknown", target.name) or target.is_text:
        return True
    if source.is_numeric and target.is_numeric:
        return True
    moments = ("date", "timestamp", "timestamp with time zone")
    return source.name in moments and target.name in moments


def assigned(value: Typed, column: Column) -> str:
    """DuckDB's text of a value as the column keeps it: an overlong text is a failure.

    Raises:
        RedshiftError: a value of this type needs a cast.
    """
    to = column.type
    if not _assignable(value.type, to):
        message = (
            f'column "{column.name}" is of type {name_of(to).long} but expression is of type'
            f" {name_of(value.type).long}"
        )
        raise RedshiftError(message, "42804")
    if value.type.name == "unknown" and value.constant is None:
        return f"CAST({value.sql} AS {duckdb_type(to)})"
    value = resolved(value)
    if to.is_text:
        text = text_of(value.sql, value.type)
        if to.name == "char":
            text = f"rtrim({text}, ' ')"
            return f"rpad({_checked(text, to)}, {length_bytes(to)}, ' ')"
        return _checked(text, to)
    try:
        return casts.cast(value, to, safe=False).sql
    except QueryError as error:
        raise RedshiftError(str(error), "42804") from error
