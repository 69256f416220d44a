"""Values as Athena writes them: in results, and where a query casts to varchar."""

from __future__ import annotations

from itertools import count

from infra.local.athena.session import quote_text
from infra.local.athena.types import MICROS, MILLIS, Type, row_field

_names = count()


def fresh_name() -> str:
    """A name for a lambda's parameter that no other has."""
    return f"v{next(_names)}"


def text_of(sql: str, of: Type) -> str:
    """DuckDB's expression for the text of a value; NULL stays NULL."""
    match of.name:
        case "varchar" | "json" | "unknown":
            return f"CAST({sql} AS VARCHAR)"
        case "char":
            return f"rpad({sql}, {of.precision}, ' ')"
        case "decimal" if of.precision == of.scale:
            # DuckDB writes .5 where nothing can stand before the point.
            return f"regexp_replace(CAST({sql} AS VARCHAR), '^(-?)[.]', '\\10.')"
        case "double" | "real":
            return f"java_text({sql})"
        case "timestamp":
            return _timestamp_text(sql, of)
        case "timestamp with time zone":
            zone = quote_text(of.zone)
            local = _timestamp_text(f"timezone({zone}, {sql})", of)
            return f"({local} || {quote_text(' ' + of.zone)})"
        case "time":
            return f"substr(strftime(DATE '2000-01-01' + {sql}, '%H:%M:%S.%g'), 1, 12)"
        case "varbinary":
            return f"rtrim(regexp_replace(lower(hex({sql})), '(..)', '\\1 ', 'g'))"
        case "interval day to second":
            return f"day_interval_text({sql})"
        case "interval year to month":
            return f"month_interval_text({sql})"
        case "array":
            return _array_text(sql, of.element)
        case "map":
            return _map_text(sql, of)
        case "row":
            return _row_text(sql, of)
    return f"CAST({sql} AS VARCHAR)"


def _timestamp_text(sql: str, of: Type) -> str:
    if of.second_digits == MILLIS:
        return f"timestamp_text({sql})"
    text = f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%f')"
    return text if of.second_digits == MICROS else f"left({text}, {of.second_digits - MICROS})"


def _item_text(sql: str, of: Type) -> str:
    return f"coalesce({text_of(sql, of)}, 'null')"


def _array_text(sql: str, element: Type) -> str:
    name = fresh_name()
    items = f"list_transform({sql}, lambda {name}: {_item_text(name, element)})"
    return f"('[' || array_to_string({items}, ', ') || ']')"


def _map_text(sql: str, of: Type) -> str:
    name = fresh_name()
    key, value = (
        text_of(f"{name}.{part}", item)
        for part, item in zip(("key", "value"), of.items, strict=True)
    )
    entry = f"{key} || '=' || coalesce({value}, 'null')"
    items = f"list_transform(map_entries({sql}), lambda {name}: {entry})"
    return f"('{{' || array_to_string({items}, ', ') || '}}')"


def _row_text(sql: str, of: Type) -> str:
    parts = [
        f"{quote_text(f'{name or f"field{i}"}=')} || {_item_text(f'({sql}).{row_field(i)}', item)}"
        for i, (name, item) in enumerate(zip(of.fields, of.items, strict=True))
    ]
    return f"CASE WHEN {sql} IS NOT NULL THEN '{{' || {" || ', ' || ".join(parts)} || '}}' END"
