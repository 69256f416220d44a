"""Values as Redshift writes them as text."""

from __future__ import annotations

from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import VARCHAR, Type


def text_of(sql: str, of: Type) -> str:
    """DuckDB's text for a value as Redshift casts it to a text."""
    if of.is_floating:
        return f"printf('%.{15 if of.name == 'double' else 6}g', {sql})"
    if of.name == "timestamp with time zone":
        return f"(CAST(timezone('UTC', {sql}) AS VARCHAR) || '+00')"
    if of.is_text or of.name == "unknown":
        return sql
    return f"CAST({sql} AS VARCHAR)"


def as_text(value: Typed) -> Typed:
    """The value as a varchar without a length."""
    return Typed(text_of(value.sql, value.type), VARCHAR, value.constant)
