"""Partition projection: partitions computed from a table's properties instead of registered.

Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from string import Template

from infra.local.athena.catalog import Column, Partition, Storage, Table
from infra.local.athena.errors import ErrorType, QueryError

MAX_PARTITIONS = 1_000_000


def is_projected(table: Table) -> bool:
    """Whether the table's partitions are projected."""
    return table.parameters.get("projection.enabled", "").lower() == "true"


def _wrong(table: Table, message: str) -> QueryError:
    where = f"Table {table.database}.{table.name} is configured for partition projection, but"
    return QueryError("INVALID_TABLE_PROPERTY", f"{where} {message}", error_type=ErrorType.DATA)


@dataclass(frozen=True, slots=True)
class _Properties:
    """The properties of one projected column."""

    table: Table
    column: str

    def get(self, name: str, default: str | None = None) -> str:
        value = self.table.parameters.get(f"projection.{self.column}.{name}", default)
        if value is None:
            raise _wrong(self.table, f"projection.{self.column}.{name} is missing")
        return value

    def number(self, name: str, default: str) -> int:
        value = self.get(name, default)
        if not re.fullmatch(r"\d+", value) or (int(value) == 0 and name != "digits"):
            raise _wrong(self.table, f"projection.{self.column}.{name} is no number: {value!r}")
        return int(value)

    def pair(self, name: str) -> tuple[str, str]:
        parts = [part.strip() for part in self.get(name).split(",")]
        if len(parts) != 2:  # noqa: PLR2004 - first and last
            raise _wrong(
                self.table,
                f"projection.{self.column}.{name} is {self.get(name)!r}: expected first,last",
            )
        return parts[0], parts[1]


def key_values(
    table: Table, key: Column, *, equals: frozenset[str] | None, now: datetime
) -> Iterable[str]:
    """The values that a projected key may have.

    `equals` are the literals to which the query compares the key: an injected key has only those.

    Raises:
        QueryError: the properties are wrong, or an injected key is not given in WHERE.
    """
    properties = _Properties(table, key.name)
    match properties.get("type").lower():
        case "enum":
            return [value.strip() for value in properties.get("values").split(",")]
        case "integer":
            return _integers(properties)
        case "date":
            return _dates(properties, now)
        case "injected":
            if not equals:
                message = (
                    f"For the injected projected partition column {key.name}, the WHERE clause must"
                    " contain only static equality conditions, and at least one such condition"
                    " must be present."
                )
                raise QueryError("CONSTRAINT_VIOLATION", message)
            return sorted(equals)
        case other:
            raise _wrong(table, f"projection.{key.name}.type is {other!r}")


def _integers(properties: _Properties) -> Iterator[str]:
    first, last = properties.pair("range")
    if not all(re.fullmatch(r"-?\d+", bound) for bound in (first, last)):
        raise _wrong(properties.table, f"projection.{properties.column}.range has no integers")
    digits = properties.number("digits", "0")
    step = properties.number("interval", "1")
    return (str(value).zfill(digits) for value in range(int(first), int(last) + 1, step))


_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip
_MONTHS = {"YEARS": 12, "MONTHS": 1}
_SPANS = {
    "WEEKS": timedelta(weeks=1),
    "DAYS": timedelta(days=1),
    "HOURS": timedelta(hours=1),
    "MINUTES": timedelta(minutes=1),
    "SECONDS": timedelta(seconds=1),
}


def _later(moment: datetime, count: int, unit: str) -> datetime:
    """`count` units later; the 31st of a shorter month is its last day."""
    if unit in _SPANS:
        return moment + _SPANS[unit] * count
    year, month = divmod(moment.year * 12 + moment.month - 1 + count * _MONTHS[unit], 12)
    last_day = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _dates(properties: _Properties, now: datetime) -> Iterator[str]:
    pattern = _strftime(properties)
    first, last = (_moment(properties, bound, pattern, now) for bound in properties.pair("range"))
    # Where the format shows days or longer, the interval is one of them unless it is given.
    default = "DAYS" if "%d" in pattern else "MONTHS" if "%m" in pattern else "YEARS"
    given = "interval" not in properties.table.parameters and "%H" not in pattern
    unit = properties.get("interval.unit", default if given else None).upper()
    unit = unit if unit.endswith("S") else f"{unit}S"
    if unit not in _MONTHS and unit not in _SPANS:
        raise _wrong(properties.table, f"projection.{properties.column}.interval.unit is {unit!r}")
    count = properties.number("interval", "1")
    step = 0
    while (moment := _later(first, step * count, unit)) <= last:
        yield moment.strftime(pattern)
        step += 1
        if step > MAX_PARTITIONS:
            raise _wrong(properties.table, f"projection.{properties.column}.range is too long")


def _strftime(properties: _Properties) -> str:
    """Java's DateTimeFormatter pattern as Python's; quoted text stays as it is."""

    def one(match: re.Match[str]) -> str:
        if match["quoted"] is not None:
            return match["quoted"].replace("%", "%%")
        if match["letters"] is None:
            return match[0].replace("%", "%%")
        if match["letters"] not in _LETTERS:
            message = f"projection.{properties.column}.format has {match['letters']!r}"
            raise _wrong(properties.table, message)
        return _LETTERS[match["letters"]]

    pattern = r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|."
    return re.sub(pattern, one, properties.get("format"))


def _moment(properties: _Properties, text: str, pattern: str, now: datetime) -> datetime:
    relative = re.fullmatch(r"NOW\s*(?:([+-]\s*\d+)\s*([A-Z]+?)S?)?", text)
    if relative is None:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError as error:
            message = f"projection.{properties.column}.range: {error}"
            raise _wrong(properties.table, message) from error
    unit = f"{relative[2] or 'DAY'}S"
    if unit not in _MONTHS and unit not in _SPANS:
        raise _wrong(properties.table, f"projection.{properties.column}.range has {text!r}")
    moved = _later(now, int((relative[1] or "0").replace(" ", "")), unit)
    return moved.replace(microsecond=0)


def projected(table: Table, values: Iterable[Iterable[str]]) -> Iterator[Partition]:
    """The partitions with all combinations of the keys' values."""
    keys = [key.name for key in table.partition_keys]
    template = table.parameters.get("storage.location.template")
    base = table.storage.location.rstrip("/")
    for count, combination in enumerate(product(*values)):
        if count >= MAX_PARTITIONS:
            raise _wrong(table, f"the query needs more than {MAX_PARTITIONS} partitions")
        by_key = dict(zip(keys, combination, strict=True))
        if template:
            location = Template(template).safe_substitute(by_key)
        else:
            location = "/".join([base, *(f"{key}={value}" for key, value in by_key.items())])
        storage = table.storage
        yield Partition(
            combination,
            Storage(
                f"{location.rstrip('/')}/",
                storage.serde,
                storage.serde_parameters,
                storage.input_format,
                storage.output_format,
            ),
        )
