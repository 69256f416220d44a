"""The two ways in which Athena refuses: a request at once, or a query after it started."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RequestError(Exception):
    """The API refuses a call, as `InvalidRequestException` does (HTTP 400)."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "InvalidRequestException",
        athena_code: str = "INVALID_INPUT",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.athena_code = athena_code


class ErrorType(Enum):
    """(category, type) of https://docs.aws.amazon.com/athena/latest/ug/error-reference.html."""

    INTERNAL = (1, 200)
    RESOURCES = (1, 0)
    RESULT_UPLOAD = (2, 401)
    USER = (2, 1000)
    DATA = (2, 1001)
    DDL = (2, 1003)
    SYNTAX = (2, 1006)


class QueryError(Exception):
    """A query fails: `code` is Athena's prefix, for example `TABLE_NOT_FOUND`, or empty."""

    def __init__(self, code: str, message: str, *, error_type: ErrorType = ErrorType.USER) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.error_type = error_type


class QueryCancelled(Exception):
    """A query is stopped, by its owner or by a limit of its work group."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the text of a query something stands, counted from 1."""

    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"line {self.line}:{self.column}"


def syntax_error(message: str, position: Position | None = None) -> QueryError:
    """The query is not Athena's SQL."""
    return located("SYNTAX_ERROR", message, position)


def located(code: str, message: str, position: Position | None) -> QueryError:
    """An error of the analysis, which says where in the query it is."""
    text = f"{position}: {message}" if position else message
    return QueryError(code, text, error_type=ErrorType.SYNTAX)


def unsupported(what: str, position: Position | None = None) -> QueryError:
    """Athena can do it and this engine cannot: said by name, never answered wrongly."""
    return located("NOT_SUPPORTED", f"{what} is not supported by the embedded Athena", position)
