"""Text and binary: https://trino.io/docs/current/functions/string.html and binary.html."""

from __future__ import annotations

from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.containers import concatenated
from infra.local.athena.sql.functions.registry import Call, function, signature
from infra.local.athena.sql.guards import guarded
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, BOOLEAN, INTEGER, VARBINARY, VARCHAR, array

_BLANKS = r"\t\n\x0B\f\r\x1C-\x1F "
"""What Trino trims: the white space of Java."""

for _name in ("lower", "upper", "reverse"):
    signature(_name, [VARCHAR], VARCHAR, f"{_name}({{0}})")
signature("length", [VARCHAR], BIGINT, "length({0})")
signature("length", [VARBINARY], BIGINT, "octet_length({0})")
signature(
    "trim", [VARCHAR], VARCHAR, f"regexp_replace({{0}}, '^[{_BLANKS}]+|[{_BLANKS}]+$', '', 'g')"
)
signature("ltrim", [VARCHAR], VARCHAR, f"regexp_replace({{0}}, '^[{_BLANKS}]+', '')")
signature("rtrim", [VARCHAR], VARCHAR, f"regexp_replace({{0}}, '[{_BLANKS}]+$', '')")
for _name in ("trim", "ltrim", "rtrim"):
    signature(_name, [VARCHAR, VARCHAR], VARCHAR, f"{_name}({{0}}, {{1}})")
signature("substr substring", [VARCHAR, BIGINT], VARCHAR, "trino_substr({0}, {1})")
signature("substr substring", [VARCHAR, BIGINT, BIGINT], VARCHAR, "trino_substr_of({0}, {1}, {2})")
signature("substr substring", [VARBINARY, BIGINT], VARBINARY, "binary_substr({0}, {1})")
signature(
    "substr substring",
    [VARBINARY, BIGINT, BIGINT],
    VARBINARY,
    "(binary_substr({0}, {1}))[1:greatest({2}, 0)]",
)
signature("replace", [VARCHAR, VARCHAR], VARCHAR, "replace({0}, {1}, '')")
signature("replace", [VARCHAR, VARCHAR, VARCHAR], VARCHAR, "replace({0}, {1}, {2})")
signature("strpos", [VARCHAR, VARCHAR], BIGINT, "strpos({0}, {1})")
signature("split", [VARCHAR, VARCHAR], array(VARCHAR), "string_split({0}, {1})")
# Beyond the last part there is NULL, where DuckDB has an empty text.
signature(
    "split_part",
    [VARCHAR, VARCHAR, BIGINT],
    VARCHAR,
    guarded(
        "{2} > 0",
        "string_split({0}, {1})[{2}]",
        "'INVALID_FUNCTION_ARGUMENT: Index must be greater than zero'",
        VARCHAR,
    ),
)
for _name in ("lpad", "rpad"):
    signature(
        _name, [VARCHAR, BIGINT, VARCHAR], VARCHAR, f"{_name}({{0}}, CAST({{1}} AS INTEGER), {{2}})"
    )
signature("chr", [BIGINT], VARCHAR, "chr(CAST({0} AS INTEGER))")
signature("codepoint", [VARCHAR], INTEGER, "unicode({0})")
signature("starts_with", [VARCHAR, VARCHAR], BOOLEAN, "starts_with({0}, {1})")
signature("levenshtein_distance", [VARCHAR, VARCHAR], BIGINT, "levenshtein({0}, {1})")
signature("hamming_distance", [VARCHAR, VARCHAR], BIGINT, "hamming({0}, {1})")
signature("translate", [VARCHAR, VARCHAR, VARCHAR], VARCHAR, "translate({0}, {1}, {2})")
signature("to_utf8", [VARCHAR], VARBINARY, "encode({0})")
signature("from_utf8", [VARBINARY], VARCHAR, "utf8_text({0}, chr(65533))")
signature("from_utf8", [VARBINARY, VARCHAR], VARCHAR, "utf8_text({0}, {1})")
signature("to_hex", [VARBINARY], VARCHAR, "hex({0})")
signature("from_hex", [VARCHAR], VARBINARY, "unhex({0})")
signature("to_base64", [VARBINARY], VARCHAR, "to_base64({0})")
signature("from_base64", [VARCHAR], VARBINARY, "from_base64({0})")
# Trino's digests are binary, DuckDB's are text.
for _name in ("md5", "sha1", "sha256"):
    signature(_name, [VARBINARY], VARBINARY, f"unhex({_name}({{0}}))")


@function("concat")
def _concat(call: Call) -> Typed:
    return concatenated(call.arguments(), call.position, call.expressions)


@function("concat_ws")
def _concat_ws(call: Call) -> Typed:
    """NULL parts are left out; a NULL separator makes NULL."""
    separator, *parts = call.arguments()
    if len(parts) == 1 and parts[0].type.name == "array":
        values = call.take(parts[0], array(VARCHAR)).sql
    else:
        values = f"[{', '.join(call.take(part, VARCHAR).sql for part in parts)}]"
    joined = f"coalesce(array_to_string({values}, {coerce(separator, VARCHAR).sql}), '')"
    return Typed(f"CASE WHEN {separator.sql} IS NOT NULL THEN {joined} END", VARCHAR)
