"""Values of a text format as the columns of a table take them, or why they do not.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html and
copy-parameters-data-conversion.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from infra.local.redshift.engine.copy.options import CopyOptions
from infra.local.redshift.engine.errors import unsupported
from infra.local.redshift.engine.language.date_functions import datetime_format
from infra.local.redshift.engine.relation import Column
from infra.local.redshift.engine.types import length_bytes

_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_NAMES = {"smallint": "Short", "integer": "Integer", "bigint": "Long"}
_TRUE = ("t", "true", "y", "yes", "1")
_FALSE = ("f", "false", "n", "no", "0")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_LENGTH = 10


class Refused(Exception):
    """A value that a column does not take: a code and a reason of the load error reference."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


type Convert = Callable[[str], Any]


class Converter:
    """Makes the values of one column of the texts in the files."""

    def __init__(self, column: Column, options: CopyOptions) -> None:
        self.column = column
        self._options = options
        self._convert = self._rule()

    def __call__(self, text: str | None) -> Any:
        """The value.

        Raises:
            Refused: the column does not take it.
        """
        value = self._convert(text) if text is not None and not self._is_null(text) else None
        if value is None and not self.column.nullable:
            raise Refused(1213, "Missing data for not-null field")
        return value

    def _is_null(self, text: str) -> bool:
        if not text:
            return self._options.empty_as_null or not self.column.type.is_text
        return self._options.blanks_as_null and not text.strip()

    def _rule(self) -> Convert:
        kind = self.column.type
        if kind.is_text:
            return self._text
        if kind.is_integer:
            return self._integer
        match kind.name:
            case "decimal":
                return self._decimal
            case "real" | "double":
                return _double
            case "boolean":
                return _boolean
            case "date":
                return self._date(self._options.date_format)
            case "timestamp" | "timestamp with time zone":
                return self._timestamp(self._options.time_format)
        raise unsupported(f"COPY into a column of type {kind.name}")

    def _text(self, text: str) -> str:
        size = length_bytes(self.column.type)
        if "\0" in text:
            raise Refused(1218, "Null byte found in a field")
        encoded = text.encode()
        if len(encoded) > size:
            if not self._options.truncate:
                raise Refused(1204, "String length exceeds DDL length")
            text = encoded[:size].decode(errors="ignore")
        return text.ljust(size) if self.column.type.name == "char" else text

    def _integer(self, text: str) -> int:
        kind = self.column.type.name
        match = re.match(r"\s*[+-]?\d*", text)
        at = match.end() if match else 0
        if at < len(text.rstrip()) or not any(map(str.isdigit, text)):
            wrong = text[at : at + 1]
            raise Refused(1207, f"Invalid digit, Value '{wrong}', Pos {at}, Type: {_NAMES[kind]}")
        value, bound = int(text), 1 << (_BITS[kind] - 1)
        if not -bound <= value < bound:
            raise Refused(1204, f"Overflow, Value {text}, Type: {_NAMES[kind]}")
        return value

    def _decimal(self, text: str) -> Decimal:
        kind = self.column.type
        try:
            value = Decimal(text.strip())
            rounded = value.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP)
        except InvalidOperation as error:
            raise Refused(1209, f"Invalid digit, Value '{text}', Type: Decimal") from error
        if len(rounded.as_tuple().digits) > kind.precision:
            raise Refused(1204, f"Numeric overflow, Value {text}, Type: Decimal")
        return rounded

    @staticmethod
    def _date(pattern: str) -> Convert:
        own = _format(pattern) if pattern and pattern.lower() != "auto" else "%Y-%m-%d"

        def convert(text: str) -> date:
            if len(text.strip()) < _DATE_LENGTH and own == "%Y-%m-%d":
                raise Refused(1205, "Invalid Date Format - length must be 10 or more")
            try:
                return datetime.strptime(text.strip(), own).date()
            except ValueError as error:
                reason = f"Invalid Date Format [{pattern or 'YYYY-MM-DD'}]"
                raise Refused(1205, reason) from error

        return convert

    @staticmethod
    def _timestamp(pattern: str) -> Convert:
        units = {"epochsecs": 1_000_000, "epochmillisecs": 1000}
        micros = units.get(pattern.lower())
        own = None if micros or pattern.lower() in ("", "auto") else _format(pattern)
        shown = pattern or "YYYY-MM-DD HH24:MI:SS"

        def convert(text: str) -> datetime:
            try:
                if micros is not None:
                    moment = _EPOCH + timedelta(microseconds=int(Decimal(text) * micros))
                elif own is not None:
                    moment = datetime.strptime(text.strip(), own)
                else:
                    moment = datetime.fromisoformat(text.strip())
            except (ValueError, InvalidOperation, OverflowError) as error:
                raise Refused(1206, f"Invalid timestamp format or value [{shown}]") from error
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

        return convert


def _format(pattern: str) -> str:
    found = datetime_format(pattern)
    if found is None:
        raise unsupported(f"the format {pattern!r}")
    return found


def _double(text: str) -> float:
    try:
        if "_" in text:
            raise ValueError(text)
        return float(text)
    except ValueError as error:
        raise Refused(1208, f"Invalid digit, Value '{text}', Type: Double") from error


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise Refused(1210, f"Unknown boolean format, Value '{text}'")
    return word in _TRUE
