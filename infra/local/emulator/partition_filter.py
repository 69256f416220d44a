"""The filter of GetPartitions: a condition in SQL on the keys, evaluated by SQLite.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

_INTEGERS = ("tinyint", "smallint", "int", "bigint", "long")


def matching(
    keys: Mapping[str, str], partitions: Sequence[Sequence[str]], condition: str
) -> list[int]:
    """The numbers of the partitions, given by their values, for which the condition holds.

    `keys` are the types of the keys by name; integers are compared as numbers, all others as text.

    Raises:
        ValueError: it is no condition on the keys.
    """
    columns = ", ".join(
        f'"{name}" {"INTEGER" if of in _INTEGERS else "TEXT"}' for name, of in keys.items()
    )
    database = sqlite3.connect(":memory:")
    try:
        database.execute("PRAGMA case_sensitive_like = ON")
        database.execute(f"CREATE TABLE partitions ({columns})")
        marks = ", ".join("?" for _ in keys)
        database.executemany(
            f"INSERT INTO partitions VALUES ({marks})",  # noqa: S608 - question marks alone
            partitions,
        )
        database.set_authorizer(_allow_reading)
        rows = database.execute(
            f"SELECT rowid FROM partitions WHERE ({condition}) ORDER BY rowid"  # noqa: S608 - see above
        ).fetchall()
    except sqlite3.Error as error:
        raise ValueError(f"Unsupported expression '{condition}': {error}") from error
    finally:
        database.close()
    return [number - 1 for (number,) in rows]


def _allow_reading(action: int, one: str | None, other: str | None, *_: str | None) -> int:
    """Whatever the condition says, it reads the table and nothing else."""
    allowed = {
        sqlite3.SQLITE_SELECT: True,
        sqlite3.SQLITE_READ: one == "partitions",
        sqlite3.SQLITE_FUNCTION: other == "like",
    }
    return sqlite3.SQLITE_OK if allowed.get(action, False) else sqlite3.SQLITE_DENY
