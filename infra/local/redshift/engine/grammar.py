"""Read Redshift's SQL into a tree, without giving any function a meaning of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.redshift import RedshiftParser

from infra.local.redshift.engine.errors import SYNTAX_ERROR, RedshiftError, syntax_error

APPROXIMATE = "approximate "
"""What the name of an aggregate begins with under APPROXIMATE."""


class _Parser(RedshiftParser):
    """Keeps every call as it is written: what `datediff` means is for our own tables to say."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        # The calls whose arguments have a grammar of their own.
        name: RedshiftParser.FUNCTION_PARSERS[name]
        for name in ("CAST", "TRY_CAST", "CONVERT", "EXTRACT", "TRIM", "POSITION", "SUBSTRING")
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        **RedshiftParser.NO_PAREN_FUNCTION_PARSERS,
        "APPROXIMATE": lambda self: self._parse_approximate(),
        "SYSDATE": lambda self: self.expression(exp.Anonymous(this="sysdate", expressions=[])),
    }

    def _parse_approximate(self) -> exp.Expr | None:
        call = self._parse_function()
        if not isinstance(call, exp.Anonymous):
            self.raise_error("Expected an aggregate after APPROXIMATE")
            return None
        call.set("this", f"{APPROXIMATE}{call.name.lower()}")
        return call


class QueryDialect(Redshift):
    """Redshift's grammar."""

    Parser = _Parser


def parse(sql: str) -> exp.Expr:
    """The tree of one statement that reads or changes rows.

    Raises:
        RedshiftError: a syntax error, or several statements at once.
    """
    try:
        trees = sqlglot.parse(sql, read=QueryDialect)
    except ParseError as error:
        found = error.errors[0]
        near = found["highlight"] or "end of input"
        raise syntax_error(near) from error
    except (TokenError, RecursionError) as error:
        raise RedshiftError(f"the statement cannot be read: {error}", SYNTAX_ERROR) from error
    if len(trees) != 1 or trees[0] is None:
        message = "cannot insert multiple commands into a prepared statement"
        raise RedshiftError(message, SYNTAX_ERROR)
    return trees[0]


def parse_type(sql: str) -> exp.DataType:
    """A type, as a column definition writes it.

    Raises:
        RedshiftError: it is none.
    """
    try:
        return exp.DataType.build(sql, dialect=QueryDialect)
    except ParseError as error:
        raise RedshiftError(f'type "{sql.lower()}" does not exist', "42704") from error


def bind(tree: exp.Expr, parameters: Mapping[str, str | None]) -> exp.Expr:
    """Put the values of `:name` in their places, as literals that take the type of the place.

    Raises:
        RedshiftError: a name has no value.
    """
    for mark in list(tree.find_all(exp.Placeholder)):
        name = mark.name
        if name not in parameters:
            raise RedshiftError(f"there is no parameter :{name}", "42P02")
        value = parameters[name]
        mark.replace(exp.null() if value is None else exp.Literal.string(value))
    return tree
