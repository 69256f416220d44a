"""Regular expressions: https://trino.io/docs/current/functions/regexp.html.

Trino's patterns are Java's, DuckDB's are RE2's: the same but for look-around, back references and
possessive quantifiers, which RE2 refuses.
"""

from __future__ import annotations

import re

from infra.local.athena.errors import unsupported
from infra.local.athena.session import quote_text
from infra.local.athena.sql.coercion import coerce
from infra.local.athena.sql.functions.registry import Call, function, signature
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import BIGINT, BOOLEAN, VARCHAR, array

signature("regexp_like", [VARCHAR, VARCHAR], BOOLEAN, "regexp_matches({0}, {1})")
signature("regexp_count", [VARCHAR, VARCHAR], BIGINT, "len(regexp_extract_all({0}, {1}))")
signature("regexp_split", [VARCHAR, VARCHAR], array(VARCHAR), "string_split_regex({0}, {1})")
signature("regexp_extract_all", [VARCHAR, VARCHAR], array(VARCHAR), "regexp_extract_all({0}, {1})")


def _group(call: Call) -> int:
    return int(call.constant(2)) if len(call.nodes) > 2 else 0  # noqa: PLR2004 - (text, pattern, group)


@function("regexp_extract")
def _extract(call: Call) -> Typed:
    """NULL without a match, where DuckDB has an empty text."""
    value, pattern, *_ = (call.take(each, VARCHAR) for each in call.arguments(2, 3)[:2])
    found = f"regexp_extract({value.sql}, {pattern.sql}, {_group(call)})"
    test = f"regexp_matches({value.sql}, {pattern.sql})"
    return Typed(f"CASE WHEN {test} THEN {found} END", VARCHAR)


@function("regexp_replace")
def _replace(call: Call) -> Typed:
    """Every match is replaced; `$1` and `${name}` of Java become `\\1`."""
    arguments = call.arguments(2, 3)
    value, pattern = (coerce(call.take(each, VARCHAR), VARCHAR) for each in arguments[:2])
    replacement = ""
    if len(call.nodes) == 3:  # noqa: PLR2004 - (text, pattern, replacement)
        replacement = _java_replacement(call, call.constant(2))
    sql = f"regexp_replace({value.sql}, {pattern.sql}, {quote_text(replacement)}, 'g')"
    return Typed(sql, VARCHAR)


def _java_replacement(call: Call, text: str) -> str:
    if re.search(r"\$\{", text) or re.search(r"\$\d\d", text):
        raise unsupported(f"the replacement {text!r}", call.position)

    def one(match: re.Match[str]) -> str:
        if match["group"]:
            return f"\\{match['group']}"
        return "\\\\" if match["escaped"] in ("\\", None) else str(match["escaped"])

    return re.sub(r"\$(?P<group>\d)|\\(?P<escaped>.)|(?P<slash>\\)$", one, text)
