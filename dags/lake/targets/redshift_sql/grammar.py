"""Athena's SQL as a tree in which every call keeps its name."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.parsers.trino import TrinoParser


class _Parser(TrinoParser):
    """What a function means is for the table of functions to say."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: TrinoParser.FUNCTION_PARSERS[name]
        for name in ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION")
    }


class AthenaDialect(Trino):
    """Trino's grammar; Hive's types in CREATE TABLE are read as well."""

    Parser = _Parser


class _RedshiftParser(RedshiftParser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {}


class _RedshiftCalls(Redshift):
    Parser = _RedshiftParser


def parse_athena(sql: str) -> exp.Expr:
    """The tree of one statement.

    Raises:
        ValueError: it cannot be read, or there are several.
    """
    try:
        trees = sqlglot.parse(sql, read=AthenaDialect)
    except (SqlglotError, RecursionError) as error:
        raise ValueError(f"the statement is not Athena's SQL: {error}") from error
    if len(trees) != 1 or trees[0] is None:
        raise ValueError("expected one statement")
    return trees[0]


def redshift_expression(template: str, *arguments: exp.Expr) -> exp.Expr:
    """An expression of Redshift with `:0`, `:1`… replaced by the arguments."""
    tree = sqlglot.parse_one(template, read=_RedshiftCalls)
    marks = [node for node in tree.find_all(exp.Placeholder) if node.this is not None]
    for mark in marks:
        argument = arguments[int(mark.name.removeprefix("p"))].copy()
        if isinstance(argument, exp.Binary | exp.Unary):
            argument = exp.paren(argument, copy=False)
        if mark is tree:
            return argument
        mark.replace(argument)
    return tree
