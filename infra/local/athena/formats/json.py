"""JSON Lines: one object a line, its keys matched to columns whatever their case.

Source: https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
"""

from __future__ import annotations

from infra.local.athena.catalog import Column, Storage, Table
from infra.local.athena.formats.lines import lines
from infra.local.athena.formats.reader import DataFile
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.named import column_type
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import JSON, VARCHAR, Type, duckdb_type, row_field


def read(session: Session, table: Table, storage: Storage, files: list[DataFile]) -> str:
    """The SELECT over the files; a line that is no object fails the query or is a row of NULLs."""
    parameters = storage.serde_parameters
    lenient = parameters.get("ignore.malformed.json", "false").lower() == "true"
    parsed = "TRY_CAST(line AS JSON)"
    is_object = f"coalesce(json_type({parsed}) = 'OBJECT', false)"
    message = "'HIVE_CURSOR_ERROR: Row is not a valid JSON Object: ' || left(line, 200)"
    document = (
        f"CASE WHEN {is_object} THEN {parsed} END"
        if lenient
        else guarded(is_object, parsed, message, JSON)
    )
    documents = f"SELECT {document} AS document, file_number FROM ({lines(table, files)})"
    spellings = _spellings(session, documents)
    columns = [
        f"{_column(table, column, spellings, parameters)} AS {quote_name(column.name)}"
        for column in table.columns
    ]
    return f"SELECT {', '.join([*columns, 'file_number'])} FROM ({documents})"


def _spellings(session: Session, documents: str) -> dict[str, list[str]]:
    """The keys that occur, by their lower case: Hive does not tell `Price` from `price`."""
    found: dict[str, list[str]] = {}
    for (key,) in session.rows(
        f"SELECT DISTINCT unnest(json_keys(document)) AS key FROM ({documents}) ORDER BY key"
    ):
        found.setdefault(key.lower(), []).append(key)
    return found


def _column(
    table: Table, column: Column, spellings: dict[str, list[str]], parameters: dict[str, str]
) -> str:
    kind = column_type(table, column.name, column.hive_type)
    mapped = parameters.get(f"mapping.{column.name}", column.name).lower()
    paths = [quote_text(_path(key)) for key in spellings.get(mapped, [])]
    if not paths:
        return f"CAST(NULL AS {duckdb_type(kind)})"
    values = ", ".join(f"json_extract(document, {path})" for path in paths)
    return _value(f"coalesce({values})" if len(paths) > 1 else values, kind)


def _path(key: str) -> str:
    """DuckDB's path of a member, as a JSON pointer: a key may hold any character."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _value(document: str, to: Type) -> str:
    """A JSON value as a column's type."""
    match to.name:
        case "array":
            name = fresh_name()
            items = f"from_json({document}, '[\"JSON\"]')"
            return f"list_transform({items}, lambda {name}: {_value(name, to.element)})"
        case "map":
            name = fresh_name()
            member = (
                f"json_extract({document}, '/' || replace(replace({name}, '~', '~0'), '/', '~1'))"
            )
            entry = f"row({_key(name, to.items[0])}, {_value(member, to.items[1])})"
            entries = f"list_transform(json_keys({document}), lambda {name}: {entry})"
            return f"CAST(map_from_entries({entries}) AS {duckdb_type(to)})"
        case "row":
            parts = [
                f"{row_field(i)} := {_member(document, name or '', item)}"
                for i, (name, item) in enumerate(zip(to.fields, to.items, strict=True))
            ]
            present = f"json_type({document}) = 'OBJECT'"
            return f"CASE WHEN {present} THEN struct_pack({', '.join(parts)}) END"
    text = f"json_extract_string({document}, '$')"
    if to.name == "timestamp":
        # Also as ISO 8601 has it: 2021-06-25T10:00:00Z.
        text = f"regexp_replace(replace({text}, 'T', ' '), 'Z$', '')"
    return cast(Typed(text, VARCHAR), to, safe=False).sql


def _key(text: str, to: Type) -> str:
    return cast(Typed(text, VARCHAR), to, safe=False).sql


def _member(document: str, name: str, to: Type) -> str:
    """A member of a nested object, as it is written or in lower case."""
    spelled = (
        f"list_filter(json_keys({document}), lambda {{0}}: lower({{0}}) = {quote_text(name)})[1]"
    ).format(fresh_name())
    pointer = f"'/' || replace(replace({spelled}, '~', '~0'), '/', '~1')"
    return _value(f"json_extract({document}, {pointer})", to)
