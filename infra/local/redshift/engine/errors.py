"""How a statement of Redshift fails: its message and its SQLSTATE."""

from __future__ import annotations

SYNTAX_ERROR = "42601"
UNDEFINED_TABLE = "42P01"
UNDEFINED_COLUMN = "42703"
UNDEFINED_FUNCTION = "42883"
DUPLICATE_TABLE = "42P07"
FEATURE_NOT_SUPPORTED = "0A000"
INTERNAL_ERROR = "XX000"
QUERY_CANCELLED = "57014"
IN_FAILED_TRANSACTION = "25P02"
STRING_TOO_LONG = "22001"
NOT_NULL_VIOLATION = "23502"
SERIALIZATION_FAILURE = "40001"


class RedshiftError(Exception):
    """A statement fails: `str(error)` is Redshift's text, `ERROR: relation "x" does not exist`."""

    def __init__(self, message: str, sqlstate: str = INTERNAL_ERROR) -> None:
        super().__init__(f"ERROR: {message}")
        self.failed_index: int | None = None
        """Of a batch: which statement failed, from 0."""
        self.message = message
        self.sqlstate = sqlstate


class QueryCancelled(RedshiftError):
    """The statement was cancelled by `Session.cancel`."""

    def __init__(self) -> None:
        super().__init__("Query cancelled on user's request", QUERY_CANCELLED)


def unsupported(what: str) -> RedshiftError:
    """Redshift can do it and this engine cannot: said by name, never answered wrongly."""
    return RedshiftError(f"{what} is not supported by the embedded Redshift", FEATURE_NOT_SUPPORTED)


def syntax_error(near: str) -> RedshiftError:
    """The statement is not Redshift's SQL."""
    return RedshiftError(f'syntax error at or near "{near}"', SYNTAX_ERROR)
