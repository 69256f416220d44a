"""Which function runs which statement."""

from __future__ import annotations

from collections.abc import Callable

from infra.local.redshift.engine.copy import copy
from infra.local.redshift.engine.errors import syntax_error, unsupported
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.statements import (
    alter,
    changes,
    insert,
    merge,
    select,
    tables,
    unload,
    utility,
    views,
)
from infra.local.redshift.engine.work import Work

_STATEMENTS: dict[str, Callable[[Work], Outcome]] = {
    "SELECT": select.select,
    "WITH": select.select,
    "(": select.select,
    "INSERT": insert.insert,
    "UPDATE": changes.update,
    "DELETE": changes.delete,
    "COPY": copy.copy,
    "UNLOAD": unload.unload,
    "TRUNCATE": changes.truncate,
    "MERGE": merge.merge,
    "ALTER TABLE": alter.alter_table,
    "DROP TABLE": tables.drop_table,
    "DROP VIEW": views.drop_view,
    "DROP SCHEMA": views.drop_schema,
    "SET": utility.set_,
    "SHOW": utility.show,
    "ANALYZE": utility.analyze,
    "VACUUM": utility.vacuum,
    "GRANT": utility.grant,
    "REVOKE": utility.grant,
}
_CREATE = {"TABLE": tables.create_table, "VIEW": views.create_view, "SCHEMA": views.create_schema}
_BEFORE_TABLE = ("OR", "REPLACE", "LOCAL", "GLOBAL", "TEMP", "TEMPORARY", "EXTERNAL")
_REFUSED = frozenset(
    {
        "ALTER", "CALL", "CANCEL", "CLOSE", "COMMENT", "DEALLOCATE", "DECLARE", "DROP", "EXECUTE",
        "EXPLAIN", "FETCH", "LOCK", "PREPARE", "REFRESH", "RESET",
    }
)  # fmt: skip
"""Statements of Redshift that this engine does not have: refused by name."""


def run_statement(work: Work) -> Outcome:
    """Run the statement, or refuse it by name.

    Raises:
        RedshiftError: the statement is wrong, failed, or is not supported.
    """
    return _found(work.cursor)(work)


def _found(cursor: Cursor) -> Callable[[Work], Outcome]:
    first = cursor.word
    if not first:
        raise syntax_error("end of input")
    cursor.skip()
    second = cursor.word
    if first == "CREATE":
        while cursor.word in _BEFORE_TABLE:
            cursor.skip()
        if cursor.word in _CREATE:
            return _CREATE[cursor.word]
        raise unsupported(f"CREATE {cursor.word}")
    run = _STATEMENTS.get(first) or _STATEMENTS.get(f"{first} {second}")
    if run is not None:
        return run
    if first in _REFUSED:
        raise unsupported(f"{first} {second}".strip() if first in ("DROP", "ALTER") else first)
    raise syntax_error(first)
