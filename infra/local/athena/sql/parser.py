"""Read Athena's SQL into a tree, without giving any function a meaning of its own."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser

from infra.local.athena.errors import Position, syntax_error, unsupported


class TimestampLiteral(exp.Expression):
    """`TIMESTAMP '…'`, which unlike a cast keeps all of its digits, and may have a zone."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class DecimalLiteral(exp.Expression):
    """`DECIMAL '…'`, whose digits are its precision and scale."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class _QueryParser(TrinoParser):
    """Keeps every call as it is written: what `date_trunc` means is for our own tables to say."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        # The calls whose arguments have a grammar of their own.
        name: TrinoParser.FUNCTION_PARSERS[name]
        for name in ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "LISTAGG")
    }
    TYPE_LITERAL_PARSERS: ClassVar[dict[exp.DType, Any]] = {
        **TrinoParser.TYPE_LITERAL_PARSERS,
        exp.DType.DECIMAL: lambda _, text, __: DecimalLiteral(this=text),
        exp.DType.TIMESTAMP: lambda _, text, __: TimestampLiteral(this=text),
    }
    COLUMN_OPERATORS: ClassVar[dict[TokenType, Any]] = {
        token: operator
        for token, operator in TrinoParser.COLUMN_OPERATORS.items()
        # `x::int` is PostgreSQL's: Athena refuses it, so must we.
        if token is not TokenType.DCOLON
    }

    def _parse_bracket(self, this: exp.Expr | None = None) -> exp.Expr | None:
        if this is None and self._curr and self._curr.token_type in self.BRACKETS:
            # `[1, 2]` and `{'a': 1}` are DuckDB's.
            self.raise_error(f"Unexpected {self._curr.text}")
        return super()._parse_bracket(this)

    def _parse_select_query(
        self,
        nested: bool = False,
        table: bool = False,
        parse_subquery_alias: bool = True,
        parse_set_operation: bool = True,
    ) -> exp.Expr | None:
        if self._match(TokenType.FROM, advance=False):
            # `FROM t` without SELECT is DuckDB's.
            self.raise_error("Unexpected FROM")
        return super()._parse_select_query(nested, table, parse_subquery_alias, parse_set_operation)


class QueryDialect(Trino):
    """Trino's grammar; subscripts are left as they are written."""

    Parser = _QueryParser
    INDEX_OFFSET = 0


def parse_query(sql: str) -> exp.Expr:
    """The tree of one statement of Athena's query language.

    Raises:
        QueryError: SYNTAX_ERROR, with line and column.
    """
    try:
        trees = sqlglot.parse(sql, read=QueryDialect)
    except ParseError as error:
        found = error.errors[0]
        position = Position(found["line"] or 1, found["col"] or 1)
        raise syntax_error(f"mismatched input. {found['description']}", position) from error
    except (TokenError, RecursionError) as error:
        raise syntax_error(f"the statement cannot be read: {error}") from error
    if len(trees) != 1 or trees[0] is None:
        raise syntax_error("Only one sql statement is allowed.", Position())
    return trees[0]


def position_of(node: exp.Expr) -> Position:
    """Where the first word of `node` that has a place stands."""
    placed = [each.meta for each in node.walk() if "line" in each.meta]
    if not placed:
        return Position()
    first = min(placed, key=lambda meta: int(meta["start"]))
    return Position(first["line"], first["col"] - (first["end"] - first["start"]))


def bind_parameters(tree: exp.Expr, parameters: list[str]) -> exp.Expr:
    """Put the execution parameters, each a SQL literal, in place of the question marks.

    Raises:
        QueryError: their numbers differ, or a parameter is no literal.
    """
    marks = [node for node in tree.find_all(exp.Placeholder, bfs=False) if not node.this]
    if len(marks) != len(parameters):
        raise syntax_error(
            f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}",
            Position(),
        )
    for mark, text in zip(marks, parameters, strict=True):
        literal = _literal(text)
        if mark is tree:
            return literal
        mark.replace(literal)
    return tree


def _literal(text: str) -> exp.Expr:
    tree = parse_query(f"SELECT {text}")
    value: exp.Expr = tree.expressions[0] if isinstance(tree, exp.Select) else tree
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or tree.args.get("from_"):
        raise unsupported(f"the execution parameter {text!r}")
    if value.find(exp.Column, exp.Subquery, exp.Select, exp.Star):
        raise syntax_error(f"the execution parameter {text!r} is no literal")
    return value
