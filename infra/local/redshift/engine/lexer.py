"""The words of a statement that is no query, and a cursor over them."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import Token, TokenType
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import TokenError

from infra.local.redshift.engine.errors import SYNTAX_ERROR, RedshiftError, syntax_error

_OPENING, _CLOSING = TokenType.L_PAREN, TokenType.R_PAREN


class _Dialect(Redshift):
    class Tokenizer(Redshift.Tokenizer):
        # The words of a command come one by one, not as one text.
        COMMANDS: ClassVar[set[TokenType]] = set()


def _tokenize(sql: str) -> list[Token]:
    try:
        return _Dialect().tokenize(sql)
    except TokenError as error:
        raise RedshiftError(f"the statement cannot be read: {error}", SYNTAX_ERROR) from error


class Cursor:
    """Reads a statement from left to right."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = _tokenize(sql)
        while self._tokens and self._tokens[-1].token_type is TokenType.SEMICOLON:
            self._tokens.pop()
        if any(token.token_type is TokenType.SEMICOLON for token in self._tokens):
            message = "cannot insert multiple commands into a prepared statement"
            raise RedshiftError(message, SYNTAX_ERROR)
        self._at = 0

    @property
    def ended(self) -> bool:
        """Whether everything was read."""
        return self._at >= len(self._tokens)

    @property
    def word(self) -> str:
        """The next word in upper case; empty at the end."""
        return "" if self.ended else self._tokens[self._at].text.upper()

    def wrong(self) -> RedshiftError:
        """The error at this place."""
        return syntax_error("end of input" if self.ended else self._tokens[self._at].text)

    def mark(self) -> int:
        """This place, for `reset`."""
        return self._at

    def reset(self, mark: int) -> None:
        """Go back to a place."""
        self._at = mark

    def skip(self) -> None:
        """Step over one word."""
        self._at += 1

    def accept(self, *words: str) -> bool:
        """Step over these words when they are next."""
        upcoming = self._tokens[self._at :]
        spoken: list[str] = []
        for count, token in enumerate(upcoming, 1):
            if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
                return False
            # Some words are one token of several: `PRIMARY KEY`.
            spoken += token.text.upper().split()
            if spoken == list(words):
                self._at += count
                return True
            if spoken != list(words[: len(spoken)]):
                return False
        return False

    def expect(self, *words: str) -> None:
        """Step over these words; RedshiftError when they are not next."""
        if not self.accept(*words):
            raise self.wrong()

    def end(self) -> None:
        """RedshiftError unless everything was read."""
        if not self.ended:
            raise self.wrong()

    def _next(self) -> Token:
        if self.ended:
            raise self.wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def name(self) -> str:
        """A name, in lower case."""
        token = self._next()
        is_word = token.text[:1].isalpha() or token.text[:1] in ("_", "#")
        if token.token_type is TokenType.STRING or (
            token.token_type is not TokenType.IDENTIFIER and not is_word
        ):
            self._at -= 1
            raise self.wrong()
        return token.text.lower()

    def qualified_name(self) -> tuple[str | None, str]:
        """`table`, `schema.table` or `database.schema.table`: schema, if any, and table."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return (parts[-2] if len(parts) > 1 else None), parts[-1]

    def names(self) -> list[str]:
        """`(a, b, …)`."""
        self.expect("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return found

    @property
    def is_string(self) -> bool:
        """Whether a text in quotes is next."""
        return not self.ended and self._tokens[self._at].token_type is TokenType.STRING

    def string(self) -> str:
        """A text in quotes, without them."""
        if not self.is_string:
            raise self.wrong()
        return self._next().text

    def integer(self) -> int:
        """A number."""
        sign = -1 if self.accept("-") else 1
        token = self._next()
        if not token.text.isdigit():
            self._at -= 1
            raise self.wrong()
        return sign * int(token.text)

    def until(self, *words: str) -> str:
        """The text up to one of these words outside of parentheses, or up to the end."""
        start, depth = self._at, 0
        while not self.ended:
            token = self._tokens[self._at]
            if depth == 0 and token.text.upper().split()[:1] and self._is_one(token, words):
                break
            depth += {_OPENING: 1, _CLOSING: -1}.get(token.token_type, 0)
            if depth < 0:
                break
            self._at += 1
        if start == self._at:
            raise self.wrong()
        first, last = self._tokens[start], self._tokens[self._at - 1]
        return self.sql[first.start : last.end + 1]

    @staticmethod
    def _is_one(token: Token, words: tuple[str, ...]) -> bool:
        quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
        return not quoted and token.text.upper().split()[0] in words

    def rest(self) -> str:
        """Everything that was not read."""
        if self.ended:
            return ""
        start = self._tokens[self._at].start
        last = self._tokens[-1].end + 1
        self._at = len(self._tokens)
        return self.sql[start:last]
