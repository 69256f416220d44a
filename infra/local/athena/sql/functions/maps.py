"""Maps: https://trino.io/docs/current/functions/map.html."""

from __future__ import annotations

from infra.local.athena.sql.functions.arrays import array_argument
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import UNKNOWN, array, duckdb_type, map_of, row


def _map_argument(call: Call) -> Typed:
    value = call.argument(0)
    if value.type.name != "map":
        raise call.unexpected([value])
    return value


@function("map")
def _map(call: Call) -> Typed:
    if not call.nodes:
        return Typed("MAP {}::MAP(VARCHAR, VARCHAR)", map_of(UNKNOWN, UNKNOWN))
    call.arguments(2)
    keys, values = array_argument(call, 0), array_argument(call, 1)
    kind = map_of(keys.type.element, values.type.element)
    return Typed(f"CAST(map({keys.sql}, {values.sql}) AS {duckdb_type(kind)})", kind)


@function("map_keys", "map_values")
def _parts(call: Call) -> Typed:
    value = _map_argument(call)
    element = value.type.items[0 if call.name == "map_keys" else 1]
    return Typed(f"{call.name}({value.sql})", array(element))


@function("map_entries")
def _entries(call: Call) -> Typed:
    value = _map_argument(call)
    kind = array(row((None, None), value.type.items))
    name = fresh_name()
    packed = f"struct_pack(f0 := {name}.key, f1 := {name}.value)"
    return Typed(f"list_transform(map_entries({value.sql}), lambda {name}: {packed})", kind)


@function("map_from_entries")
def _from_entries(call: Call) -> Typed:
    values = array_argument(call)
    element = values.type.element
    if element.name != "row" or len(element.items) != 2:  # noqa: PLR2004 - key and value
        raise call.unexpected([values])
    kind = map_of(*element.items)
    name = fresh_name()
    entries = f"list_transform({values.sql}, lambda {name}: row({name}.f0, {name}.f1))"
    return Typed(f"CAST(map_from_entries({entries}) AS {duckdb_type(kind)})", kind)


@function("map_concat")
def _concat(call: Call) -> Typed:
    """The last value of a key wins."""
    values = call.expressions.unify(call.arguments(), call.position, "maps")
    return Typed(f"map_concat({', '.join(value.sql for value in values)})", values[0].type)
