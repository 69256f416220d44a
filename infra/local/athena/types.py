"""The types of Athena's SQL, and their names in DuckDB and in Athena's results."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PRECISION = 38
"""Decimal digits that Athena, Hive and DuckDB can all hold."""
MILLIS, MICROS = 3, 6
"""Digits of a second in tables of Hive, and in those of Iceberg."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of Athena's SQL, by its SQL name, for example `decimal` with precision and scale."""

    name: str
    precision: int = 0
    """Digits of a decimal; length of a char or a varchar, 0 for none; digits of a timestamp's
    second where they are more than three."""
    scale: int = 0
    items: tuple[Type, ...] = ()
    """Element of an array, key and value of a map, fields of a row."""
    fields: tuple[str | None, ...] = ()
    """Names of a row's fields, None for a field without a name."""
    zone: str = "UTC"
    """Of a timestamp with time zone: the zone in which it is shown."""

    def __str__(self) -> str:
        """As Athena names the type in its messages."""
        match self.name:
            case "decimal":
                return f"decimal({self.precision},{self.scale})"
            case "varchar" | "char" if self.precision:
                return f"{self.name}({self.precision})"
            case "timestamp":
                return f"timestamp({self.second_digits})"
            case "timestamp with time zone":
                return f"timestamp({self.second_digits}) with time zone"
            case "row":
                parts = (
                    f"{name} {item}" if name else str(item)
                    for name, item in zip(self.fields, self.items, strict=True)
                )
                return f"row({', '.join(parts)})"
            case "array" | "map":
                return f"{self.name}({', '.join(map(str, self.items))})"
        return self.name

    @property
    def is_integer(self) -> bool:
        """Whether it is one of the four integer types."""
        return self.name in INTEGER_DIGITS

    @property
    def is_exact(self) -> bool:
        """Whether it is an integer or a decimal."""
        return self.is_integer or self.name == "decimal"

    @property
    def is_floating(self) -> bool:
        """Whether it is a binary floating point type."""
        return self.name in ("real", "double")

    @property
    def is_numeric(self) -> bool:
        """Whether arithmetic is defined on it."""
        return self.is_exact or self.is_floating

    @property
    def is_text(self) -> bool:
        """Whether it is a varchar or a char."""
        return self.name in ("varchar", "char")

    @property
    def is_timestamp(self) -> bool:
        """Whether it is a timestamp, with or without time zone."""
        return self.name.startswith("timestamp")

    @property
    def second_digits(self) -> int:
        """Digits of a timestamp's second behind the point."""
        return self.precision or MILLIS

    @property
    def element(self) -> Type:
        """What an array holds."""
        return self.items[0]


BOOLEAN = Type("boolean")
TINYINT = Type("tinyint")
SMALLINT = Type("smallint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
REAL = Type("real")
DOUBLE = Type("double")
VARCHAR = Type("varchar")
VARBINARY = Type("varbinary")
DATE = Type("date")
TIME = Type("time")
TIMESTAMP = Type("timestamp")
TIMESTAMP_TZ = Type("timestamp with time zone")
DAY_INTERVAL = Type("interval day to second")
MONTH_INTERVAL = Type("interval year to month")
JSON = Type("json")
UNKNOWN = Type("unknown")
"""The type of NULL."""

INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
"""Integer types from narrow to wide, with the decimal digits that hold any of their values."""


def decimal(precision: int, scale: int) -> Type:
    """A decimal of at most 38 digits, `scale` of them after the point."""
    return Type("decimal", precision=min(precision, MAX_PRECISION), scale=scale)


def timestamp(second_digits: int, *, zone: str | None = None) -> Type:
    """A timestamp, with time zone where `zone` is given; milliseconds are the least it keeps."""
    precision = 0 if second_digits <= MILLIS else second_digits
    if zone is None:
        return Type("timestamp", precision=precision)
    return Type("timestamp with time zone", precision=precision, zone=zone)


def array(element: Type) -> Type:
    """An array of `element`."""
    return Type("array", items=(element,))


def map_of(key: Type, value: Type) -> Type:
    """A map from `key` to `value`."""
    return Type("map", items=(key, value))


def row(fields: tuple[str | None, ...], items: tuple[Type, ...]) -> Type:
    """A row; a field without a name is None."""
    return Type("row", items=items, fields=fields)


def row_field(index: int) -> str:
    """How DuckDB calls the field at `index` (from 0) of a row: by place, so that any name fits."""
    return f"f{index}"


_DUCKDB = {
    "varbinary": "BLOB",
    "char": "VARCHAR",
    "timestamp with time zone": "TIMESTAMPTZ",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "unknown": "VARCHAR",
}


def duckdb_type(of: Type) -> str:
    """The type that holds the values of `of` in DuckDB."""
    match of.name:
        case "decimal":
            return f"DECIMAL({of.precision},{of.scale})"
        case "array":
            return f"{duckdb_type(of.element)}[]"
        case "map":
            return f"MAP({duckdb_type(of.items[0])}, {duckdb_type(of.items[1])})"
        case "row":
            parts = (f"{row_field(i)} {duckdb_type(item)}" for i, item in enumerate(of.items))
            return f"STRUCT({', '.join(parts)})"
    return _DUCKDB.get(of.name, of.name.upper())


_RESULT = {
    "real": "float",
    "char": "char",
    "unknown": "unknown",
}


def result_type(of: Type) -> str:
    """The type as ColumnInfo of GetQueryResults names it."""
    return _RESULT.get(of.name, of.name)
