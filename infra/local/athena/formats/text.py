"""Delimited text: Hive's LazySimpleSerDe, and OpenCSVSerde with its quotes.

Source: https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html and csv-serde.html
"""

from __future__ import annotations

import re

from infra.local.athena.catalog import Column, Storage, Table
from infra.local.athena.errors import unsupported
from infra.local.athena.formats.lines import every_line, lines
from infra.local.athena.formats.reader import DataFile
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.named import column_type
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import VARCHAR, Type

# Characters for private use, which stand for what was escaped while a line is split.
_ESCAPED_DELIMITER, _ESCAPED_ESCAPE = "\ue000", "\ue001"


def read_delimited(session: Session, table: Table, storage: Storage, files: list[DataFile]) -> str:
    """LazySimpleSerDe: no quotes; a value that does not fit its column's type is NULL."""
    parameters = storage.serde_parameters
    delimiter = parameters.get("field.delim") or _control(
        parameters.get("serialization.format", "\x01")
    )
    escape = parameters.get("escape.delim", "")
    encoding = parameters.get("serialization.encoding", "UTF-8")
    line = "line"
    if escape:
        line = f"replace({line}, {quote_text(escape * 2)}, '{_ESCAPED_ESCAPE}')"
        line = f"replace({line}, {quote_text(escape + delimiter)}, '{_ESCAPED_DELIMITER}')"
    split = (
        f"SELECT string_split({line}, {quote_text(delimiter)}) AS fields, file_number"
        f" FROM ({every_line(session, table, files, encoding=encoding)})"
    )
    null = quote_text(parameters.get("serialization.null.format", "\\N"))
    columns = []
    for i, column in enumerate(table.columns, 1):
        field = f"fields[{i}]"
        if escape:
            field = f"replace({field}, '{_ESCAPED_DELIMITER}', {quote_text(delimiter)})"
            field = f"replace({field}, '{_ESCAPED_ESCAPE}', {quote_text(escape)})"
        value = cast(Typed(f"nullif({field}, {null})", VARCHAR), _scalar(table, column), safe=True)
        columns.append(f"{value.sql} AS {quote_name(column.name)}")
    return f"SELECT {', '.join([*columns, 'file_number'])} FROM ({split})"


def _control(text: str) -> str:
    """`serialization.format` may be the number of a character."""
    return chr(int(text)) if text.isdigit() and len(text) <= 3 else text  # noqa: PLR2004 - 0 to 255


def _scalar(table: Table, column: Column) -> Type:
    kind = column_type(table, column.name, column.hive_type)
    if kind.items or kind.name == "varbinary":
        raise unsupported(f"a column of type {column.hive_type} in delimited text")
    return kind


def read_csv(_: Session, table: Table, storage: Storage, files: list[DataFile]) -> str:
    """OpenCSVSerde: quotes may hold delimiters; a value that does not fit fails the query."""
    parameters = storage.serde_parameters
    delimiter = parameters.get("separatorChar", ",")
    quote = parameters.get("quoteChar", '"')
    escape = parameters.get("escapeChar", "\\")
    d, q, e = (_in_class(character) for character in (delimiter, quote, escape))
    pattern = f"([{q}](?:[^{q}{e}]|[{e}].|[{q}][{q}])*[{q}]|[^{d}]*)[{d}]"
    split = (
        f"SELECT regexp_extract_all(line || {quote_text(delimiter)}, {quote_text(pattern)}, 1)"
        f" AS fields, file_number FROM ({lines(table, files)})"
    )
    columns = []
    for i, column in enumerate(table.columns, 1):
        text = _unquoted(f"fields[{i}]", quote, escape)
        value = _csv_value(text, _scalar(table, column), i)
        columns.append(f"{value} AS {quote_name(column.name)}")
    return f"SELECT {', '.join([*columns, 'file_number'])} FROM ({split})"


def _in_class(character: str) -> str:
    """A character inside of a regular expression's brackets."""
    return re.sub(r"([\\\]^-])", r"\\\1", character)


def _unquoted(field: str, quote: str, escape: str) -> str:
    inside = f"substr({field}, 2, length({field}) - 2)"
    inside = f"replace({inside}, {quote_text(quote * 2)}, {quote_text(quote)})"
    pattern = quote_text(f"[{_in_class(escape)}](.)")
    stripped = f"regexp_replace({inside}, {pattern}, '\\1', 'g')"
    is_quoted = f"length({field}) > 1 AND starts_with({field}, {quote_text(quote)})"
    return f"CASE WHEN {is_quoted} THEN {stripped} ELSE {field} END"


def _csv_value(text: str, to: Type, number: int) -> str:
    """Empty is NULL but for text; a date counts days and a timestamp milliseconds from 1970."""
    if to.is_text:
        return cast(Typed(text, VARCHAR), to, safe=False).sql
    value = f"nullif(trim({text}), '')"
    if to.name in ("date", "timestamp"):
        whole = f"TRY_CAST({value} AS BIGINT)"
        converted = (
            f"DATE '1970-01-01' + CAST({whole} AS INTEGER)"
            if to.name == "date"
            else f"make_timestamp({whole} * 1000)"
        )
        test = f"regexp_full_match({value}, '[+-]?[0-9]+')"
    else:
        converted = cast(Typed(value, VARCHAR), to, safe=True).sql
        test = f"{value} IS NULL OR ({converted}) IS NOT NULL"
    message = f"'HIVE_BAD_DATA: Error parsing field value ''' || {value} || ''' for field {number}'"
    return guarded(test, converted, message, to)
