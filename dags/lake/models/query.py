"""What a model's SQL reads, gives, and takes as its parameter; sqlglot reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

DIALECT = "athena"
DAYS = "days"
"""The parameter that stands for the days of a load: `day IN (:days)`."""


class QueryError(ValueError):
    """SQL that no model may have; the text says where and why."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A model's SELECT."""

    text: str
    reads: frozenset[str]
    """The tables."""
    gives: tuple[str, ...]
    """The names of its columns, in order."""
    takes_days: bool
    """Whether it has the parameter `:days`."""

    def on(self, days: str) -> str:
        """The text with `days`, a list of dates in SQL, in place of its parameter."""
        text, end = "", 0
        for start, stop in _parameters(self.text):
            text, end = text + self.text[end:start] + days, stop
        return text + self.text[end:]


def read_query(text: str) -> Query:
    """Read the SQL of a model.

    Raises:
        QueryError: it is not one SELECT, names a database, or a column of it has no name.
    """
    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
        if tokens and tokens[-1].token_type == TokenType.SEMICOLON:
            text = text[: tokens[-1].start]
        statements = sqlglot.parse(text, read=DIALECT)
    except SqlglotError as error:
        raise QueryError(str(error)) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise QueryError("should be one SELECT; how it reaches the table is for the lake to say")
    query = statements[0]
    names = {placeholder.name for placeholder in query.find_all(exp.Placeholder)}
    if names - {DAYS}:
        raise QueryError(f"unknown parameter :{min(names - {DAYS})}; the only one is :{DAYS}")
    return Query(
        text=text.strip(),
        reads=frozenset(_tables(query)),
        gives=tuple(_names(query)),
        takes_days=bool(names),
    )


def _tables(query: exp.Query) -> Iterator[str]:
    named_here = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if table.db or table.catalog:
            found = table.sql(dialect=DIALECT)
            raise QueryError(f"{found}: name a table without its database, {table.name}")
        if table.name not in named_here:
            yield table.name


def _names(query: exp.Query) -> Iterator[str]:
    for number, column in enumerate(query.selects, start=1):
        name = column.alias_or_name
        shown = column.sql(dialect=DIALECT)
        if column.is_star:
            raise QueryError(f"column {number}, {shown}: name each column that the table has")
        if not name:
            raise QueryError(f"column {number}, {shown}, has no name; write {shown} AS name")
        yield name


def _parameters(text: str) -> Iterator[tuple[int, int]]:
    """Where each `:days` starts and stops; the tokenizer knows strings and comments."""
    tokens: list[Token] = sqlglot.tokenize(text, read=DIALECT)
    for colon, name in pairwise(tokens):
        is_parameter = colon.token_type == TokenType.COLON and name.start == colon.end + 1
        if is_parameter and name.text == DAYS:
            yield colon.start, name.end + 1
