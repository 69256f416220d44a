"""Values that exist under a condition only: without it the query fails, and says why."""

from __future__ import annotations

from infra.local.athena.types import Type, duckdb_type


def guarded(condition: str, sql: str, message: str, kind: Type) -> str:
    """`sql` where `condition` is not false; else a failure with `message`, a text of DuckDB.

    The failure is a result, not a condition of the CASE: DuckDB evaluates constant conditions
    when it plans, whether they are reached or not. The message begins with a code of Athena.
    """
    failure = f"CAST(athena_fail({message}) AS {duckdb_type(kind)})"
    return f"CASE WHEN ({condition}) IS NOT FALSE THEN {sql} ELSE {failure} END"
