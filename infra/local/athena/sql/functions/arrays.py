"""Arrays: https://trino.io/docs/current/functions/array.html."""

from __future__ import annotations

from infra.local.athena.errors import unsupported
from infra.local.athena.sql.coercion import coerce, common_type
from infra.local.athena.sql.functions.registry import Call, function
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.sql.text import fresh_name, text_of
from infra.local.athena.types import BIGINT, BOOLEAN, DATE, VARCHAR, array, duckdb_type, row


def array_argument(call: Call, index: int = 0) -> Typed:
    """An argument that has to be an array."""
    value = call.argument(index)
    if value.type.name != "array":
        raise call.unexpected([value])
    return value


def _with_element(call: Call) -> tuple[Typed, Typed]:
    """An array and a value, of one common type."""
    values, wanted = call.arguments(2)
    if values.type.name != "array":
        raise call.unexpected([values, wanted])
    common = common_type(values.type.element, wanted.type)
    if common is None:
        raise call.unexpected([values, wanted])
    return coerce(values, array(common)), coerce(wanted, common)


@function("cardinality")
def _cardinality(call: Call) -> Typed:
    (value,) = call.arguments(1)
    if value.type.name not in ("array", "map"):
        raise call.unexpected([value])
    size = "len" if value.type.name == "array" else "cardinality"
    return Typed(f"CAST({size}({value.sql}) AS BIGINT)", BIGINT)


@function("element_at")
def _element_at(call: Call) -> Typed:
    """NULL where there is nothing; a negative index counts from the end."""
    container, index = call.arguments(2)
    if container.type.name == "map":
        key, value = container.type.items
        return Typed(f"({container.sql})[{call.take(index, key).sql}]", value)
    if container.type.name != "array":
        raise call.unexpected([container, index])
    number = call.take(index, BIGINT).sql
    message = "'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'"
    kind = container.type.element
    return Typed(guarded(f"{number} <> 0", f"({container.sql})[{number}]", message, kind), kind)


@function("contains")
def _contains(call: Call) -> Typed:
    """NULL when it is not found and a NULL is there."""
    values, wanted = _with_element(call)
    found = f"list_contains({values.sql}, {wanted.sql})"
    has_null = f"list_count({values.sql}) < len({values.sql})"
    sql = f"CASE WHEN {found} THEN true WHEN {has_null} THEN NULL ELSE {found} END"
    return Typed(sql, BOOLEAN)


@function("array_position")
def _array_position(call: Call) -> Typed:
    values, wanted = _with_element(call)
    found = f"coalesce(list_position({values.sql}, {wanted.sql}), 0)"
    nulls = f"{values.sql} IS NULL OR {wanted.sql} IS NULL"
    return Typed(f"CASE WHEN {nulls} THEN NULL ELSE CAST({found} AS BIGINT) END", BIGINT)


@function("array_remove")
def _array_remove(call: Call) -> Typed:
    values, wanted = _with_element(call)
    name = fresh_name()
    test = f"{name} IS NULL OR {name} <> {wanted.sql}"
    return Typed(f"list_filter({values.sql}, lambda {name}: {test})", values.type)


@function("array_distinct")
def _array_distinct(call: Call) -> Typed:
    """In the order of first appearance, NULL as one value."""
    values, (name, index) = array_argument(call), (fresh_name(), fresh_name())
    first = f"coalesce(list_position({values.sql}, {name}), 0)"
    sql = f"list_filter({values.sql}, lambda {name}, {index}: {first} = {index})"
    return Typed(sql, values.type)


@function("array_sort")
def _array_sort(call: Call) -> Typed:
    if len(call.nodes) != 1:
        raise unsupported("array_sort with a comparator", call.position)
    values = array_argument(call)
    return Typed(f"list_sort({values.sql}, 'ASC', 'NULLS LAST')", values.type)


@function("array_join")
def _array_join(call: Call) -> Typed:
    """NULLs are left out, or replaced by the third argument."""
    values, (delimiter, *replacement) = array_argument(call), call.arguments(2, 3)[1:]
    name = fresh_name()
    text = text_of(name, values.type.element)
    if replacement:
        text = f"coalesce({text}, {call.take(replacement[0], VARCHAR).sql})"
    items = f"list_transform({values.sql}, lambda {name}: {text})"
    kept = f"list_filter({items}, lambda {name}: {name} IS NOT NULL)"
    joined = f"coalesce(array_to_string({kept}, {call.take(delimiter, VARCHAR).sql}), '')"
    return Typed(f"CASE WHEN {values.sql} IS NOT NULL THEN {joined} END", VARCHAR)


@function("array_max", "array_min")
def _array_extreme(call: Call) -> Typed:
    """NULL as soon as an element is."""
    values = array_argument(call)
    name = {"array_max": "list_max", "array_min": "list_min"}[call.name]
    whole = f"list_count({values.sql}) = len({values.sql})"
    return Typed(f"CASE WHEN {whole} THEN {name}({values.sql}) END", values.type.element)


@function("array_union", "array_intersect", "array_except")
def _array_set(call: Call) -> Typed:
    one, other = call.expressions.unify(call.arguments(2), call.position, "arrays")
    if one.type.name != "array":
        raise call.unexpected([one, other])
    name, index = fresh_name(), fresh_name()
    source = f"list_concat({one.sql}, {other.sql})" if call.name == "array_union" else one.sql
    first = f"list_position({source}, {name}) = {index}"
    member = f"list_position({other.sql}, {name}) IS NOT NULL"
    test = {
        "array_union": first,
        "array_intersect": f"{first} AND {member}",
        "array_except": f"{first} AND NOT ({member})",
    }[call.name]
    kept = f"list_filter({source}, lambda {name}, {index}: {test})"
    nulls = f"{one.sql} IS NULL OR {other.sql} IS NULL"
    return Typed(f"CASE WHEN {nulls} THEN NULL ELSE {kept} END", one.type)


@function("arrays_overlap")
def _overlap(call: Call) -> Typed:
    one, other = call.expressions.unify(call.arguments(2), call.position, "arrays")
    found = f"list_has_any({one.sql}, {other.sql})"
    nulls = " OR ".join(f"list_count({each.sql}) < len({each.sql})" for each in (one, other))
    return Typed(f"CASE WHEN {found} THEN true WHEN {nulls} THEN NULL ELSE {found} END", BOOLEAN)


@function("flatten")
def _flatten(call: Call) -> Typed:
    values = array_argument(call)
    if values.type.element.name != "array":
        raise call.unexpected([values])
    return Typed(f"flatten({values.sql})", values.type.element)


@function("slice")
def _slice(call: Call) -> Typed:
    values, start, size = call.arguments(3)
    first, count = call.take(start, BIGINT).sql, call.take(size, BIGINT).sql
    begin = f"CASE WHEN {first} < 0 THEN len({values.sql}) + {first} + 1 ELSE {first} END"
    sliced = f"list_slice({values.sql}, {begin}, {begin} + {count} - 1)"
    outside = f"{count} = 0 OR {begin} < 1 OR {begin} > len({values.sql})"
    nothing = f"list_slice({values.sql}, 2, 1)"
    return Typed(f"CASE WHEN {outside} THEN {nothing} ELSE {sliced} END", values.type)


@function("repeat")
def _repeat(call: Call) -> Typed:
    value, count = call.arguments(2)
    name, number = fresh_name(), call.take(count, BIGINT).sql
    sql = f"list_transform(range({number}), lambda {name}: {value.sql})"
    return Typed(sql, array(value.type))


@function("sequence")
def _sequence(call: Call) -> Typed:
    """From one end to the other, both included."""
    start, stop, *step = call.arguments(2, 3)
    if start.type.is_integer and stop.type.is_integer:
        first, last = (call.take(each, BIGINT).sql for each in (start, stop))
        by = (
            call.take(step[0], BIGINT).sql
            if step
            else (f"CASE WHEN {first} <= {last} THEN 1 ELSE -1 END")
        )
        return Typed(f"generate_series({first}, {last}, {by})", array(BIGINT))
    if {start.type, stop.type} == {DATE}:
        day = f"CASE WHEN {start.sql} <= {stop.sql} THEN 1 ELSE -1 END * INTERVAL '1 day'"
        ends = f"CAST({start.sql} AS TIMESTAMP), CAST({stop.sql} AS TIMESTAMP)"
        series = f"generate_series({ends}, {step[0].sql if step else day})"
        return Typed(f"CAST({series} AS DATE[])", array(DATE))
    if {start.type.name, stop.type.name} == {"timestamp"} and step:
        return Typed(f"generate_series({start.sql}, {stop.sql}, {step[0].sql})", array(start.type))
    raise call.unexpected([start, stop, *step])


@function("transform")
def _transform(call: Call) -> Typed:
    values = array_argument(call)
    body, kind = call.expressions.function_of(call.nodes[1], [values.type.element])
    return Typed(f"list_transform({values.sql}, {body})", array(kind))


def _tested(call: Call) -> tuple[Typed, str]:
    """An array, and the array of what a test says of its elements."""
    values = array_argument(call)
    body, kind = call.expressions.function_of(call.nodes[1], [values.type.element])
    if kind != BOOLEAN:
        raise call.unexpected([Typed("", kind)])
    return values, body


@function("filter")
def _filter(call: Call) -> Typed:
    values, test = _tested(call)
    return Typed(f"list_filter({values.sql}, {test})", values.type)


@function("any_match", "all_match", "none_match")
def _match(call: Call) -> Typed:
    values, test = _tested(call)
    results = f"list_transform({values.sql}, {test})"
    any_ = f"coalesce(list_bool_or({results}), CASE WHEN len({results}) = 0 THEN false END)"
    all_ = f"coalesce(list_bool_and({results}), CASE WHEN len({results}) = 0 THEN true END)"
    has_null = f"list_count({results}) < len({results})"
    if call.name == "all_match":
        return Typed(
            f"CASE WHEN {all_} = false THEN false WHEN {has_null} THEN NULL ELSE {all_} END",
            BOOLEAN,
        )
    some = f"CASE WHEN {any_} THEN true WHEN {has_null} THEN NULL ELSE {any_} END"
    return Typed(some if call.name == "any_match" else f"(NOT ({some}))", BOOLEAN)


@function("reduce")
def _reduce(call: Call) -> Typed:
    """`reduce(array, start, (s, x) -> …, s -> …)`."""
    if len(call.nodes) != 4:  # noqa: PLR2004 - array, start, step, end
        raise call.unexpected([])
    values, start = array_argument(call), call.argument(1)
    element = values.type.element
    _, state = call.expressions.function_of(call.nodes[2], [start.type, element])
    common = common_type(start.type, state) or state
    body, result = call.expressions.function_of(call.nodes[2], [common, element])
    if result != common or common != element:
        what = f"reduce of {element} into {common}"
        raise unsupported(what, call.position)
    final, kind = call.expressions.function_of(call.nodes[3], [common])
    folded = f"list_reduce({values.sql}, {body}, {coerce(start, common).sql})"
    return Typed(f"list_transform([{folded}], {final})[1]", kind)


@function("zip")
def _zip(call: Call) -> Typed:
    values = call.arguments()
    if any(value.type.name != "array" for value in values):
        raise call.unexpected(values)
    kind = row(tuple(None for _ in values), tuple(value.type.element for value in values))
    zipped = f"list_zip({', '.join(value.sql for value in values)})"
    return Typed(f"CAST({zipped} AS {duckdb_type(array(kind))})", array(kind))
