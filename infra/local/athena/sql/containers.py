"""Rows, subscripts, and `||` of texts and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.athena.errors import Position, located, unsupported
from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, UNKNOWN, VARCHAR, array, row, row_field

if TYPE_CHECKING:
    from infra.local.athena.sql.expressions import Expressions


def subscript(container: Typed, index: Typed, position: Position) -> Typed:
    """`array[i]` and `map[key]`, which fail where there is nothing."""
    if container.type.name == "array" and index.type.is_integer:
        number, size = coerce(index, BIGINT).sql, f"len({container.sql})"
        value = f"({container.sql})[{number}]"
        message = (
            "'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array "
            f"length: ' || {number} || ' > ' || {size}"
        )
        kind = container.type.element
        return Typed(guarded(f"{number} BETWEEN 1 AND {size}", value, message, kind), kind)
    if container.type.name == "map":
        key, value_type = container.type.items
        wanted = coerce(index, key).sql
        found = f"map_contains({container.sql}, {wanted})"
        message = f"'INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || {wanted}"
        taken = f"({container.sql})[{wanted}]"
        return Typed(guarded(found, taken, message, value_type), value_type)
    message = f"Cannot use {index.type} for subscript of {container.type}"
    raise located("TYPE_MISMATCH", message, position)


def concatenated(values: list[Typed], position: Position, expressions: Expressions) -> Typed:
    """`a || b`: NULL when a part is NULL; arrays join, text and binary join, numbers do not."""
    kinds = {value.type.name for value in values} - {UNKNOWN.name}
    if kinds <= {"varchar", "char"}:
        return Typed(f"({' || '.join(coerce(each, VARCHAR).sql for each in values)})", VARCHAR)
    if kinds == {"varbinary"}:
        unified = expressions.unify(values, position, "operands of ||")
        return Typed(f"({' || '.join(each.sql for each in unified)})", unified[0].type)
    if "array" in kinds:
        return _joined(values, position, expressions)
    names = ", ".join(str(value.type) for value in values)
    message = f"Unexpected parameters ({names}) for function concat"
    raise located("FUNCTION_NOT_FOUND", f"{message}. Expected: concat(varchar, …)", position)


def _joined(values: list[Typed], position: Position, expressions: Expressions) -> Typed:
    """Arrays and elements, each element as an array of its own."""
    if any(value.type == UNKNOWN for value in values):
        # NULL as an element, or NULL as an array: Trino's choice is not documented.
        raise unsupported("|| of an array and NULL", position)
    arrays = [
        value if value.type.name == "array" else Typed(f"[{value.sql}]", array(value.type))
        for value in values
    ]
    unified = expressions.unify(arrays, position, "operands of ||")
    return Typed(f"({' || '.join(each.sql for each in unified)})", unified[0].type)


def row_of(values: list[Typed]) -> Typed:
    """A row of these values, its fields without names."""
    packed = ", ".join(f"{row_field(i)} := {value.sql}" for i, value in enumerate(values))
    kind = row(tuple(None for _ in values), tuple(value.type for value in values))
    return Typed(f"struct_pack({packed})", kind)
