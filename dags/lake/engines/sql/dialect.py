"""What Athena and Spark write differently in an expression.

Regular expressions keep to what Java's, joni's (Athena) and RE2's patterns have in common; a
character of any kind stands in them as itself.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

_OF_PATTERNS = re.compile(r"[\\^$.|?*+()\[\]{}\-&]")


def escaped(text: str) -> str:
    """A pattern of a text as it is, also inside of brackets."""
    return _OF_PATTERNS.sub(r"\\\g<0>", text)


class Dialect(ABC):
    """Writes expressions of one engine. Nothing in them fails: what cannot be cast is NULL."""

    @abstractmethod
    def literal(self, text: str) -> str:
        """A text."""

    @abstractmethod
    def name(self, name: str) -> str:
        """A column's name, which may be a word of SQL."""

    @abstractmethod
    def matches(self, value: str, pattern: str) -> str:
        r"""Whether a pattern is found in a text; `\A` and `\z` tie it to the ends."""

    @abstractmethod
    def parts(self, value: str, pattern: str) -> str:
        """Everything in a text that matches, as an array."""

    @abstractmethod
    def split(self, value: str, delimiter: str) -> str:
        """A text cut at each delimiter, as an array."""

    @abstractmethod
    def as_bytes(self, latin1: str) -> str:
        """The bytes that a text with a character for each of them stands for."""

    @abstractmethod
    def as_hex(self, latin1: str) -> str:
        """Those bytes in hexadecimal, in capitals."""

    @abstractmethod
    def as_utf8(self, latin1: str) -> str:
        """The text that those bytes are in UTF-8."""

    @abstractmethod
    def decimal_literal(self, text: str) -> str:
        """A decimal such as 0.01."""

    @abstractmethod
    def days_after(self, date: str, days: str) -> str:
        """A date so many days later."""

    def replaced(self, value: str, pattern: str, into: str) -> str:
        """A text with what matches replaced; `$1` in `into` is the first group."""
        return f"regexp_replace({value}, {self.literal(pattern)}, {self.literal(into)})"

    def as_text(self, value: str) -> str:
        """A value as text."""
        return f"CAST({value} AS {self.type_name('string')})"

    def without(self, value: str, pattern: str) -> str:
        """A text with everything cut out of it that matches."""
        return f"regexp_replace({value}, {self.literal(pattern)}, '')"

    def translated(self, value: str, characters: str, into: str) -> str:
        """A text with each of `characters` replaced by the one at its place in `into`."""
        return f"translate({value}, {self.literal(characters)}, {self.literal(into)})"

    def cast(self, value: str, glue_type: str) -> str:
        """A text as a type of Glue, NULL where it is none."""
        return f"try_cast({value} AS {self.type_name(glue_type)})"

    def null(self, glue_type: str) -> str:
        """NULL of a type."""
        return f"CAST(NULL AS {self.type_name(glue_type)})"

    def type_name(self, glue_type: str) -> str:
        """A type of Glue as the engine calls it."""
        return glue_type

    def any_of(self, conditions: Sequence[str]) -> str:
        """Whether one of several conditions holds."""
        return f"({' OR '.join(conditions)})" if conditions else "false"


class Athena(Dialect):
    """Athena's SQL, which is Trino's: https://trino.io/docs/current/functions.html."""

    def literal(self, text: str) -> str:
        """A text; only the quote is doubled."""
        return "'" + text.replace("'", "''") + "'"

    def name(self, name: str) -> str:
        """A column's name."""
        return f'"{name}"'

    def matches(self, value: str, pattern: str) -> str:
        """Whether a pattern is found in a text."""
        return f"regexp_like({value}, {self.literal(pattern)})"

    def parts(self, value: str, pattern: str) -> str:
        """Everything in a text that matches, as an array."""
        return f"regexp_extract_all({value}, {self.literal(pattern)})"

    def split(self, value: str, delimiter: str) -> str:
        """A text cut at each delimiter, as an array."""
        return f"split({value}, {self.literal(delimiter)})"

    def as_bytes(self, latin1: str) -> str:
        """By way of the hexadecimal digits of the text's UTF-8, since Trino knows no latin-1.

        UTF-8 has U+0080 to U+00BF as `C2` and the byte, U+00C0 to U+00FF as `C3` and the byte less
        0x40. A small letter marks what is done, so that no later step takes it up again.
        """
        pairs = f"regexp_replace(to_hex(to_utf8({latin1})), '(..)', '$1 ')"
        pairs = f"regexp_replace({pairs}, 'C2 (..) ', '$1 ')"
        for digit, becomes in ("8c", "9d", "Ae", "Bf"):
            pairs = f"regexp_replace({pairs}, 'C3 {digit}(.) ', '{becomes}$1 ')"
        return f"from_hex(upper(replace({pairs}, ' ', '')))"

    def as_hex(self, latin1: str) -> str:
        """Those bytes in hexadecimal, in capitals."""
        return f"to_hex({self.as_bytes(latin1)})"

    def as_utf8(self, latin1: str) -> str:
        """ASCII, which most texts are, as it is."""
        decoded = f"from_utf8({self.as_bytes(latin1)})"
        return f"CASE WHEN {self.matches(latin1, '[^ -~]')} THEN {decoded} ELSE {latin1} END"

    def decimal_literal(self, text: str) -> str:
        """A decimal such as 0.01."""
        return f"DECIMAL '{text}'"

    def days_after(self, date: str, days: str) -> str:
        """A date so many days later."""
        return f"date_add('day', {days}, {date})"

    def type_name(self, glue_type: str) -> str:
        """A type of Glue as the engine calls it."""
        return {"string": "varchar", "binary": "varbinary"}.get(glue_type, glue_type)


class Spark(Dialect):
    """Spark's SQL, not in ANSI mode: https://spark.apache.org/docs/3.5.6/api/sql/."""

    def literal(self, text: str) -> str:
        """A text; the backslash is an escape here."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def name(self, name: str) -> str:
        """A column's name."""
        return f"`{name}`"

    def matches(self, value: str, pattern: str) -> str:
        """Whether a pattern is found in a text."""
        return f"({value} RLIKE {self.literal(pattern)})"

    def parts(self, value: str, pattern: str) -> str:
        """Everything in a text that matches, as an array."""
        return f"regexp_extract_all({value}, {self.literal(pattern)}, 0)"

    def split(self, value: str, delimiter: str) -> str:
        """A text cut at each delimiter, which is a pattern here, as an array."""
        return f"split({value}, {self.literal(escaped(delimiter))})"

    def as_bytes(self, latin1: str) -> str:
        """The bytes of a latin-1 text."""
        return f"encode({latin1}, 'ISO-8859-1')"

    def as_hex(self, latin1: str) -> str:
        """Those bytes in hexadecimal, in capitals."""
        return f"hex({self.as_bytes(latin1)})"

    def as_utf8(self, latin1: str) -> str:
        """The text that those bytes are in UTF-8."""
        return f"decode({self.as_bytes(latin1)}, 'UTF-8')"

    def decimal_literal(self, text: str) -> str:
        """A decimal such as 0.01."""
        return f"{text}BD"

    def days_after(self, date: str, days: str) -> str:
        """A date so many days later."""
        return f"date_add({date}, {days})"

    def type_name(self, glue_type: str) -> str:
        """A timestamp of Glue has no zone."""
        return "timestamp_ntz" if glue_type == "timestamp" else glue_type
