"""The types of a column as Glue has them: read into Athena's, and written."""

from __future__ import annotations

import re

from infra.local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    TINYINT,
    VARBINARY,
    VARCHAR,
    Type,
    decimal,
    row,
    row_field,
)

_GLUE = {
    "integer": "int",
    "real": "float",
    "varchar": "string",
    "varbinary": "binary",
    "timestamp with time zone": "timestamp",
    "json": "string",
    "unknown": "string",
}


def glue_type(of: Type) -> str:
    """The type as a column of the Glue catalog declares it."""
    match of.name:
        case "decimal":
            return str(of)
        case "char":
            return str(of)
        case "array":
            return f"array<{glue_type(of.element)}>"
        case "map":
            return f"map<{glue_type(of.items[0])},{glue_type(of.items[1])}>"
        case "row":
            parts = (
                f"{name or row_field(i)}:{glue_type(item)}"
                for i, (name, item) in enumerate(zip(of.fields, of.items, strict=True))
            )
            return f"struct<{','.join(parts)}>"
    return _GLUE.get(of.name, of.name)


_FROM_GLUE = {
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "int": INTEGER,
    "integer": INTEGER,
    "bigint": BIGINT,
    "float": REAL,
    "double": DOUBLE,
    "string": VARCHAR,
    "varchar": VARCHAR,
    "binary": VARBINARY,
    "date": DATE,
    "timestamp": TIMESTAMP,
}
_GLUE_TOKEN = re.compile(r"\s*([\w$-]+|[<>(),:])\s*")


def parse_glue_type(text: str) -> Type:
    """Read a type of the Glue catalog, for example `array<struct<a:int,b:decimal(18,2)>>`.

    Raises:
        ValueError: the text is no type that Athena can query.
    """
    tokens = _GLUE_TOKEN.findall(text.lower())
    if "".join(tokens) != re.sub(r"\s", "", text.lower()):
        raise ValueError(f"{text!r} is no Hive type")
    try:
        parsed, rest = _glue_type(tokens)
    except (KeyError, IndexError) as error:
        raise ValueError(f"{text!r} is no Hive type") from error
    if rest:
        raise ValueError(f"{text!r} is no Hive type: {rest[0]!r} is left over")
    return parsed


def _glue_type(tokens: list[str]) -> tuple[Type, list[str]]:
    name, rest = tokens[0], tokens[1:]
    if name in ("array", "map", "struct"):
        return _glue_nested(name, rest)
    if name in ("decimal", "char", "varchar") and rest[:1] == ["("]:
        close = rest.index(")")
        numbers = [int(each) for each in rest[1:close] if each != ","]
        if name == "decimal":
            return decimal(*numbers) if len(numbers) > 1 else decimal(numbers[0], 0), rest[
                close + 1 :
            ]
        return Type(name, precision=numbers[0]), rest[close + 1 :]
    if name == "decimal":
        return decimal(10, 0), rest
    return _FROM_GLUE[name], rest


def _glue_nested(name: str, rest: list[str]) -> tuple[Type, list[str]]:
    """The types between `<` and `>`."""
    fields: list[str] = []
    items: list[Type] = []
    while rest[0] in ("<", ","):
        rest = rest[1:]
        if name == "struct":
            fields.append(rest[0])
            if rest[1] != ":":
                raise KeyError(rest[1])
            rest = rest[2:]
        item, rest = _glue_type(rest)
        items.append(item)
    if rest[0] != ">" or len(items) != {"array": 1, "map": 2}.get(name, len(items)):
        raise KeyError(rest[0])
    if name == "struct":
        return row(tuple(fields), tuple(items)), rest[1:]
    return Type(name, items=tuple(items)), rest[1:]
