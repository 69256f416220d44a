"""Why DuckDB stopped, in Athena's words."""

from __future__ import annotations

import re

import duckdb

from infra.local.athena.errors import ErrorType, QueryCancelled, QueryError

_OWN = re.compile(r"ATHENA:(?P<code>[A-Z_]+): (?P<message>.*?)' to BOOL", re.DOTALL)
_RULES: list[tuple[str, str, str | None]] = [
    (r"Division by zero", "DIVISION_BY_ZERO", "/ by zero"),
    (r"More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS",
     "Scalar sub-query has returned multiple rows"),
    (r"must appear in the GROUP BY clause|cannot be referenced before|not under an aggregate",
     "EXPRESSION_NOT_AGGREGATE", None),
    (r"WHERE clause cannot contain aggregates|aggregate function calls cannot be nested",
     "EXPRESSION_NOT_SCALAR", None),
    (r"[Oo]verflow|out of range|too large|does not fit", "NUMERIC_VALUE_OUT_OF_RANGE", None),
    (r"Could not convert|Could not cast|Conversion Error", "INVALID_CAST_ARGUMENT", None),
    (r"[Cc]ould not parse|[Rr]egular expression|invalid perl operator|invalid escape"
     r"|invalid character class|repetition|missing [\]\)]|strptime",
     "INVALID_FUNCTION_ARGUMENT", None),
    (r"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT",
     "Duplicate map keys are not allowed"),
]  # fmt: skip


def as_athena(error: duckdb.Error) -> Exception:
    """The failure of the query for an error of DuckDB."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return QueryCancelled("Query cancelled by user")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(
            "EXCEEDED_LOCAL_MEMORY_LIMIT",
            "Query exceeded the memory or disk that the embedded Athena gives to one query",
            error_type=ErrorType.RESOURCES,
        )
    if own := _OWN.search(text):
        message = own["message"].replace("''", "'")
        return QueryError(own["code"], message, error_type=ErrorType.DATA)
    first = text.split("\n", 1)[0]
    for pattern, code, message in _RULES:
        if re.search(pattern, text):
            return QueryError(code, message or first, error_type=ErrorType.DATA)
    return QueryError("GENERIC_INTERNAL_ERROR", first, error_type=ErrorType.INTERNAL)
