"""The words of a DDL statement, and a cursor over them.

Hive's DDL is not Trino's SQL: names stand in backticks, texts in either quotes with backslashes,
and types have angle brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from infra.local.athena.errors import Position, QueryError, syntax_error

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<string>'(?:[^'\\]|\\.|'')*')
      | (?P<double>"(?:[^"\\]|\\.|"")*")
      | (?P<quoted>`(?:[^`]|``)*`)
      | (?P<word>[\w$][\w$-]*|[^\s\w])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "Z": "\x1a", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `kind` is string, double, quoted or word."""

    kind: str
    text: str
    start: int


def tokenize(sql: str) -> list[Token]:
    """The words of a statement, without blanks and comments.

    Raises:
        QueryError: a text or a name does not end.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None or match[0] in ("'", '"', "`"):
            raise syntax_error(f"a text or a name does not end: {sql[at : at + 20]!r}")
        if match.lastgroup != "space":
            tokens.append(Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return tokens


def _unescaped(text: str, quote: str) -> str:
    """The text between quotes, `\\t`, `\\001` and doubled quotes read."""

    def one(match: re.Match[str]) -> str:
        escaped = match[1]
        if escaped.isdigit() and len(escaped) == 3:  # noqa: PLR2004 - an octal number
            return chr(int(escaped, 8))
        return _ESCAPES.get(escaped, escaped)

    inner = text[1:-1].replace(quote * 2, quote)
    return re.sub(r"\\([0-7]{3}|u[0-9a-fA-F]{4}|.)", one, inner, flags=re.DOTALL)


class Cursor:
    """Reads a statement from left to right."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = tokenize(sql)
        self._at = 0

    @property
    def ended(self) -> bool:
        """Whether everything was read."""
        return self._at >= len(self._tokens)

    def wrong(self, expected: str) -> QueryError:
        """The error at this place."""
        found = "<EOF>" if self.ended else self._tokens[self._at].text
        start = len(self.sql) if self.ended else self._tokens[self._at].start
        line = self.sql.count("\n", 0, start) + 1
        column = start - (self.sql.rfind("\n", 0, start) + 1) + 1
        message = f"mismatched input '{found}' expecting {expected}"
        return syntax_error(message, Position(line, column))

    def accept(self, *words: str) -> bool:
        """Step over these words when they are next."""
        upcoming = self._tokens[self._at : self._at + len(words)]
        if len(upcoming) < len(words) or any(
            token.kind != "word" or token.text.upper() != word
            for token, word in zip(upcoming, words, strict=True)
        ):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Step over these words; QueryError when they are not next."""
        if not self.accept(*words):
            raise self.wrong(" ".join(words))

    def end(self) -> None:
        """QueryError unless everything was read."""
        self.accept(";")
        if not self.ended:
            raise self.wrong("<EOF>")

    def _next(self, expected: str) -> Token:
        if self.ended:
            raise self.wrong(expected)
        self._at += 1
        return self._tokens[self._at - 1]

    def name(self) -> str:
        """A name, in lower case."""
        token = self._next("a name")
        if token.kind in ("quoted", "double"):
            return token.text[1:-1].replace("``", "`").lower()
        if token.kind == "word" and re.match(r"[\w$]", token.text):
            return token.text.lower()
        self._at -= 1
        raise self.wrong("a name")

    def qualified_name(self, database: str) -> tuple[str, str]:
        """`table`, `database.table` or `catalog.database.table`: database and table."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        if len(parts) > 3:  # noqa: PLR2004 - catalog, database, table
            raise self.wrong("database.table")
        return (parts[-2] if len(parts) > 1 else database), parts[-1]

    def string(self) -> str:
        """A text in either quotes."""
        token = self._next("a string")
        if token.kind not in ("string", "double"):
            self._at -= 1
            raise self.wrong("a string")
        return _unescaped(token.text, token.text[0])

    def value(self) -> str:
        """A text, a number or a word, as it is written."""
        token = self._next("a value")
        if token.kind in ("string", "double"):
            return _unescaped(token.text, token.text[0])
        if token.text == "-":
            return f"-{self.value()}"
        return token.text

    def properties(self) -> dict[str, str]:
        """`('key' = 'value', …)`."""
        found: dict[str, str] = {}
        self.expect("(")
        while not self.accept(")"):
            key = self.value()
            self.expect("=")
            found[key] = self.value()
            if not self.accept(","):
                self.expect(")")
                break
        return found

    def hive_type(self) -> str:
        """A type, written as Glue writes it: lower case, no blanks."""
        text = self._next("a type").text.lower()
        if self.accept("<"):
            depth, text = 1, f"{text}<"
            while depth:
                token = self._next(">").text
                depth += {"<": 1, ">": -1}.get(token, 0)
                text += token.strip("`").lower()
        if self.accept("("):
            numbers = [self.value()]
            while self.accept(","):
                numbers.append(self.value())
            self.expect(")")
            text += f"({','.join(numbers)})"
        return text

    def parenthesized(self) -> str:
        """The text between parentheses, which may hold others."""
        self.expect("(")
        start = self._tokens[self._at].start if not self.ended else len(self.sql)
        depth = 1
        while True:
            token = self._next(")")
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "word" else 0
            if not depth:
                return self.sql[start : token.start].strip()

    def rest(self) -> str:
        """Everything that was not read."""
        start = len(self.sql) if self.ended else self._tokens[self._at].start
        self._at = len(self._tokens)
        return self.sql[start:].strip().removesuffix(";")
