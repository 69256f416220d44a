"""Statements that change no rows: SET and SHOW, ANALYZE and VACUUM, GRANT and REVOKE, EXPLAIN."""

from __future__ import annotations

import pyarrow as pa

from infra.local.redshift.engine.errors import unsupported
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.outcome import Outcome, OutcomeColumn
from infra.local.redshift.engine.work import Work

_ACCEPTED = {
    "application_name", "autocommit", "client_encoding", "datestyle",
    "enable_result_cache_for_session",
    "extra_float_digits", "query_group", "statement_timeout", "timezone", "wlm_query_slot_count",
}  # fmt: skip
"""Settings that change no answer of this engine, or whose only value here is the default."""
_FIXED = {"timezone": ("utc", "default"), "client_encoding": ("utf8", "unicode", "default")}


def set_(work: Work) -> Outcome:
    """SET search_path TO …; other settings that change no answer are taken and forgotten."""
    cursor = work.cursor
    cursor.expect("SET")
    for word in ("SESSION", "LOCAL"):
        cursor.accept(word)
    name = cursor.name()
    if not cursor.accept("TO") and not cursor.accept("="):
        raise unsupported(f"SET {name.upper()}")
    if name == "search_path":
        work.catalog.search_path = _path(work, cursor)
        return Outcome(tag="SET")
    if name not in _ACCEPTED:
        raise unsupported(f"the setting {name}")
    value = cursor.rest().strip("'").lower()
    if name in _FIXED and value not in _FIXED[name]:
        raise unsupported(f"the setting {name} = {value}")
    return Outcome(tag="SET")


def _path(work: Work, cursor: Cursor) -> list[str]:
    names = []
    while True:
        text = cursor.string() if cursor.is_string else cursor.until(",").strip('"')
        names += [part.strip().strip('"').lower() for part in text.split(",")]
        if not cursor.accept(","):
            break
    cursor.end()
    return [work.user if name == "$user" else name for name in names]


def show(work: Work) -> Outcome:
    """SHOW search_path."""
    cursor = work.cursor
    cursor.expect("SHOW")
    name = cursor.name()
    if name != "search_path":
        raise unsupported(f"SHOW {name}")
    cursor.end()
    column = OutcomeColumn(
        name=name, label=name, type_name="varchar", length=256, precision=256, scale=0
    )
    rows = pa.table({"c0": [", ".join(work.catalog.search_path)]})
    return Outcome(tag="SHOW", columns=(column,), rows=rows, row_count=1)


def analyze(work: Work) -> Outcome:
    """ANALYZE [table]: there are no statistics to refresh; the table has to be there."""
    cursor = work.cursor
    cursor.expect("ANALYZE")
    for word in ("COMPRESSION", "VERBOSE"):
        if cursor.accept(word) and word == "COMPRESSION":
            raise unsupported("ANALYZE COMPRESSION")
    if not cursor.ended:
        work.target(*cursor.qualified_name())
    return Outcome(tag="ANALYZE")


def vacuum(work: Work) -> Outcome:
    """VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table]: nothing to do."""
    cursor = work.cursor
    cursor.expect("VACUUM")
    for words in (("FULL",), ("SORT", "ONLY"), ("DELETE", "ONLY"), ("REINDEX",), ("RECLUSTER",)):
        cursor.accept(*words)
    if not cursor.ended:
        work.target(*cursor.qualified_name())
    return Outcome(tag="VACUUM")


def grant(work: Work) -> Outcome:
    """GRANT and REVOKE: kept in the catalogue, not enforced."""
    word = work.cursor.word
    work.connection.execute(
        "INSERT INTO catalog.grants VALUES (?, ?)", [work.sql.strip().rstrip(";"), work.user]
    )
    return Outcome(tag=word)
