"""Why DuckDB or the analysis of a query stopped, in Redshift's words."""

from __future__ import annotations

import re

import duckdb

from infra.local.athena.errors import QueryError
from infra.local.redshift.engine.errors import (
    FEATURE_NOT_SUPPORTED,
    NOT_NULL_VIOLATION,
    SERIALIZATION_FAILURE,
    STRING_TOO_LONG,
    SYNTAX_ERROR,
    UNDEFINED_COLUMN,
    UNDEFINED_FUNCTION,
    UNDEFINED_TABLE,
    QueryCancelled,
    RedshiftError,
)

_OWN = re.compile(r"ATHENA:(?P<code>[A-Z_]+): (?P<message>.*?)' to BOOL", re.DOTALL)
_OWN_STATES = {
    "INVALID_CAST_ARGUMENT": "22P02",
    "STRING_TOO_LONG": STRING_TOO_LONG,
    "NUMERIC_VALUE_OUT_OF_RANGE": "22003",
}
_RULES: list[tuple[str, str, str | None]] = [
    (r"NOT NULL constraint failed: \S+\.(?P<column>\S+)", NOT_NULL_VIOLATION,
     "Cannot insert a NULL value into column {column}"),
    (r"[Cc]onflict", SERIALIZATION_FAILURE,
     "1023\nDETAIL: Serializable isolation violation on table"),
    (r"Division by zero", "22012", "Divide by zero error"),
    (r"More than one row returned by a subquery", "21000",
     "more than one row returned by a subquery used as an expression"),
    (r"column \"?(?P<column>[^\"]+)\"? must appear in the GROUP BY clause", "42803",
     "column must appear in the GROUP BY clause or be used in an aggregate function"),
    (r"must appear in the GROUP BY clause|cannot be referenced before|not under an aggregate",
     "42803", "column must appear in the GROUP BY clause or be used in an aggregate function"),
    (r"WHERE clause cannot contain aggregates", "42803", "aggregates not allowed in WHERE clause"),
    (r"aggregate function calls cannot be nested", "42803",
     "aggregate function calls may not be nested"),
    (r"Type INT32 with value|INT32|INT16", "22003", "Value out of range for 4 bytes."),
    (r"INT64|INT128|HUGEINT", "22003", "Value out of range for 8 bytes."),
    (r"[Oo]verflow|out of range|too large|does not fit|[Dd]ecimal", "22003",
     "Numeric data overflow (result precision)"),
    (r"Could not convert|Could not cast|Conversion Error|invalid (date|timestamp)", "22P02", None),
]  # fmt: skip

_ANALYSIS_STATES = {
    "SYNTAX_ERROR": SYNTAX_ERROR,
    "NOT_SUPPORTED": FEATURE_NOT_SUPPORTED,
    "TABLE_NOT_FOUND": UNDEFINED_TABLE,
    "COLUMN_NOT_FOUND": UNDEFINED_COLUMN,
    "FUNCTION_NOT_FOUND": UNDEFINED_FUNCTION,
    "AMBIGUOUS_NAME": "42702",
    "TYPE_MISMATCH": "42804",
    "INVALID_CAST_ARGUMENT": "22P02",
}
_REWORDED = [
    (r"Column '(?P<name>.+)' cannot be resolved", 'column "{name}" does not exist'),
    (r"Column '(?P<name>.+)' is ambiguous", 'column reference "{name}" is ambiguous'),
    (r"Function '(?P<name>.+)' not registered", "function {name} does not exist"),
    (r"Unexpected parameters (?P<types>\(.*?\)) for function (?P<name>\S+?)(\..*)?",
     "function {name}{types} does not exist"),
    (r"Cannot apply operator: (?P<left>.+) (?P<operator>\S+) (?P<right>.+)",
     "operator does not exist: {left} {operator} {right}"),
    (r"Table '(?P<name>.+)' not found", 'relation "{name}" does not exist'),
]  # fmt: skip


def as_redshift(error: duckdb.Error) -> RedshiftError:
    """The failure of a statement for an error of DuckDB."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return QueryCancelled()
    if isinstance(error, duckdb.OutOfMemoryException):
        message = "the statement needs more memory or disk than the embedded Redshift gives it"
        return RedshiftError(message, "53200")
    if own := _OWN.search(text):
        state = _OWN_STATES.get(own["code"], "XX000")
        return RedshiftError(own["message"].replace("''", "'"), state)
    first = text.split("\n", 1)[0]
    for pattern, state, wording in _RULES:
        if found := re.search(pattern, text):
            return RedshiftError(wording.format(**found.groupdict()) if wording else first, state)
    return RedshiftError(first)


def of_analysis(error: QueryError) -> RedshiftError:
    """The refusal of a query by its analysis."""
    text = str(error).removeprefix(f"{error.code}: ")
    text = re.sub(r"^line \d+:\d+: ", "", text).replace("embedded Athena", "embedded Redshift")
    for pattern, message in _REWORDED:
        if found := re.fullmatch(pattern, text, re.DOTALL):
            text = message.format(**found.groupdict())
            break
    return RedshiftError(text, _ANALYSIS_STATES.get(error.code, "XX000"))
