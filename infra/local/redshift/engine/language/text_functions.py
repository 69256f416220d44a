"""Functions of texts.

Source: https://docs.aws.amazon.com/redshift/latest/dg/String_functions_header.html
"""

from __future__ import annotations

import re

from sqlglot import exp

from infra.local.athena.errors import unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql import calls, literals
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.functions.registry import Call
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, INTEGER, VARCHAR
from infra.local.redshift.engine.language.casts import resolved
from infra.local.redshift.engine.language.functions import function, signature

# A char counts without the blanks at its end.
signature("len length char_length character_length textlen", [VARCHAR], INTEGER,
          "CAST(length({0}) AS INTEGER)")  # fmt: skip
signature("octet_length", [VARCHAR], INTEGER, "CAST(octet_length(encode({0})) AS INTEGER)")
signature("charindex", [VARCHAR, VARCHAR], INTEGER, "CAST(strpos({1}, {0}) AS INTEGER)")
signature("left", [VARCHAR, BIGINT], VARCHAR, "left({0}, {1})")
signature("right", [VARCHAR, BIGINT], VARCHAR, "right({0}, {1})")
signature("lpad", [VARCHAR, BIGINT], VARCHAR, "lpad({0}, CAST({1} AS INTEGER), ' ')")
signature("rpad", [VARCHAR, BIGINT], VARCHAR, "rpad({0}, CAST({1} AS INTEGER), ' ')")
for _name, _own in (("ltrim", "ltrim"), ("rtrim", "rtrim"), ("btrim", "trim"), ("trim", "trim")):
    signature(_name, [VARCHAR], VARCHAR, f"{_own}({{0}}, ' ')")
    signature(_name, [VARCHAR, VARCHAR], VARCHAR, f"{_own}({{0}}, {{1}})")
signature("repeat replicate", [VARCHAR, BIGINT], VARCHAR, "repeat({0}, {1})")
signature("ascii", [VARCHAR], INTEGER, "unicode({0})")
signature("md5", [VARCHAR], VARCHAR, "md5({0})")
signature("sha sha1 func_sha1", [VARCHAR], VARCHAR, "sha1({0})")
# Beyond the last part there is an empty text.
signature("split_part", [VARCHAR, VARCHAR, BIGINT], VARCHAR, "split_part({0}, {1}, {2})")
signature("to_hex", [BIGINT], VARCHAR, "lower(to_hex({0}))")
# A start before the text shortens what is taken.
signature("substring substr", [VARCHAR, BIGINT], VARCHAR, "substr({0}, greatest({1}, 1))")
signature(
    "substring substr",
    [VARCHAR, BIGINT, BIGINT],
    VARCHAR,
    "substr({0}, greatest({1}, 1), greatest({1} + {2} - greatest({1}, 1), 0))",
)
signature(
    "initcap",
    [VARCHAR],
    VARCHAR,
    "array_to_string(list_transform(regexp_extract_all({0}, '[[:alnum:]]+|[^[:alnum:]]+'),"
    " lambda w: upper(left(w, 1)) || lower(substr(w, 2))), '')",
)


def substring(expressions: Expressions, node: exp.Substring) -> Typed:
    """`SUBSTRING(text, start, length)`, and with FROM and FOR."""
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return calls.call(
        expressions, "substring", [part for part in parts if part is not None], position_of(node)
    )


@function("sha2")
def _sha2(call: Call) -> Typed:
    value = call.take(call.argument(0), VARCHAR)
    if call.constant(1) not in ("0", "256"):
        raise unsupported(f"sha2 of {call.constant(1)} bits", call.position)
    return Typed(f"sha256({value.sql})", VARCHAR)


@function("strtol")
def _strtol(call: Call) -> Typed:
    """The number that a text writes in base 16, 10 or 2."""
    value, base = call.take(call.argument(0), VARCHAR), call.constant(1)
    prefix = {"16": "0x", "2": "0b", "10": ""}.get(base)
    if prefix is None:
        raise unsupported(f"strtol with the base {base}", call.position)
    digits = (
        f"regexp_replace(lower({value.sql}), '^(-?)(0x)?', '\\1')" if base == "16" else (value.sql)
    )
    if not prefix:
        return Typed(f"CAST({digits} AS BIGINT)", BIGINT)
    number = f"CAST({quote_text(prefix)} || ltrim({digits}, '-') AS BIGINT)"
    return Typed(f"CASE WHEN {digits} LIKE '-%' THEN -{number} ELSE {number} END", BIGINT)


def _pattern(call: Call, index: int) -> str:
    return call.take(call.argument(index), VARCHAR).sql


@function("regexp_substr")
def _regexp_substr(call: Call) -> Typed:
    """The first match, or an empty text."""
    call.arguments(2)
    found = f"regexp_extract({_pattern(call, 0)}, {_pattern(call, 1)})"
    return Typed(found, VARCHAR)


@function("regexp_replace")
def _regexp_replace(call: Call) -> Typed:
    """Every match is replaced; `$1` of Redshift becomes `\\1`."""
    count = len(call.arguments(2, 3))
    new = call.constant(2) if count == 3 else ""  # noqa: PLR2004 - (text, pattern, new)
    replacement = quote_text(re.sub(r"\$(\d)", r"\\\1", new.replace("\\", "\\\\")))
    sql = f"regexp_replace({_pattern(call, 0)}, {_pattern(call, 1)}, {replacement}, 'g')"
    return Typed(sql, VARCHAR)


@function("nvl2")
def _nvl2(call: Call) -> Typed:
    tested, then, otherwise = call.arguments(3)
    one, other = call.expressions.unify([then, otherwise], call.position, "NVL2 results")
    sql = f"CASE WHEN {tested.sql} IS NOT NULL THEN {one.sql} ELSE {other.sql} END"
    return Typed(sql, one.type)


@function("decode")
def _decode(call: Call) -> Typed:
    """`decode(x, a, 1, b, 2, 0)`: NULL equals NULL."""
    subject, *rest = call.arguments()
    if len(rest) < 2:  # noqa: PLR2004 - a value and its result
        raise call.unexpected([subject, *rest])
    pairs = list(zip(rest[::2], rest[1::2], strict=False))
    default = [rest[-1]] if len(rest) % 2 else [literals.NULL]
    compared = call.expressions.unify(
        [subject, *(value for value, _ in pairs)], call.position, "DECODE values"
    )
    results = call.expressions.unify(
        [*(result for _, result in pairs), *default], call.position, "DECODE results"
    )
    branches = " ".join(
        f"WHEN {compared[0].sql} IS NOT DISTINCT FROM {value.sql} THEN {result.sql}"
        for value, result in zip(compared[1:], results, strict=False)
    )
    return Typed(f"CASE {branches} ELSE {results[-1].sql} END", results[0].type)


@function("greatest", "least")
def _extreme(call: Call) -> Typed:
    """NULLs are passed over."""
    values = call.expressions.unify(call.arguments(), call.position, f"{call.name} operands")
    values = [resolved(value) for value in values]
    return Typed(f"{call.name}({', '.join(value.sql for value in values)})", values[0].type)
