"""The statement that makes a model's table right, in Athena's dialect.

It is one MERGE, and so one snapshot: readers see all of it or nothing, and where nothing
changed there is no snapshot. Rows that the query no longer gives are deleted, rows that are as they
were stay untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lake.models.model import Model
from lake.models.query import Query

_CAST_TYPES = {"string": "varchar", "timestamp": "timestamp(6)"}


def load(model: Model, query: Query, *, days: str | None = None) -> str:
    """Make the table, or the rows of `days` in it, what the query gives.

    `days` is a list of dates in SQL, of a model that is computed by day. A row without its key, two
    rows of one key or a row of another day fail the statement with a text that names the key.
    """
    names = [column.name for column in model.columns]
    others = [name for name in names if name not in model.keys]
    table = identifier(model.table_name)
    in_days = f"{identifier(str(model.by_day))} IN ({days})" if days else ""
    changed = " OR ".join(f"{_new(name)} IS DISTINCT FROM {_old(name)}" for name in others)
    return f"""\
MERGE INTO {table} AS target
USING (
  SELECT {_list(f"coalesce({_new(n)}, {_old(n)}) AS {identifier(n)}" for n in model.keys)},
    {"".join(f"{_new(name)} AS {identifier(name)}, " for name in others)}new_row IS NULL AS gone
  FROM (
{_checked_rows(model, query, days)}
  ) AS new_rows
  FULL OUTER JOIN (
    SELECT *, true AS old_row FROM {table}{f" WHERE {in_days}" if days else ""}
  ) AS old_rows
  ON {_equal(model.keys, "new_rows", "old_rows")}
  WHERE new_row IS NULL OR old_row IS NULL{f" OR {changed}" if others else ""}
) AS source
ON {_equal(model.keys, "target", "source")}{f" AND target.{in_days}" if days else ""}
WHEN MATCHED AND source.gone THEN DELETE
{_update(others)}WHEN NOT MATCHED AND NOT source.gone THEN
  INSERT ({_list(identifier(name) for name in names)})
  VALUES ({_list(f"source.{identifier(name)}" for name in names)})"""


def replace(model: Model, query: Query, *, days: str | None = None) -> list[str]:
    """As `load`, where MERGE cannot do it: statements that are one transaction.

    Redshift's MERGE has no conditions, and deletes nothing that its source lacks
    (https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html).
    """
    table, names = identifier(model.table_name), [column.name for column in model.columns]
    columns = _list(map(identifier, names))
    where = f" WHERE {identifier(str(model.by_day))} IN ({days})" if days else ""
    rows = _checked_rows(model, query, days)
    return [
        f"DELETE FROM {table}{where}",
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM (\n{rows}\n) AS new_rows",
    ]


def _checked_rows(model: Model, query: Query, days: str | None) -> str:
    """The query's rows in the columns' types; fails at one that may not reach the table.

    The cast of a text that is no number fails, and its message has the text: the statement
    ends with what is wrong before anything is written.
    """
    types = {name: _CAST_TYPES.get(text, text) for name, text in model.column_types.items()}
    casts = _list(
        f"CAST({identifier(n)} AS {kind}) AS {identifier(n)}" for n, kind in types.items()
    )
    keys = _list(identifier(key) for key in model.keys)
    missing = " OR ".join(f"{identifier(key)} IS NULL" for key in model.keys)
    refusals = [
        _refuse(model, missing, "a row without its key: "),
        _refuse(model, "rows_of_key > 1", "two rows of one key: "),
    ]
    if days:
        day = identifier(str(model.by_day))
        refusals.append(
            _refuse(model, f"{day} IS NULL OR {day} NOT IN ({days})", "a row of another day: ")
        )
    return f"""\
    SELECT *, true AS new_row FROM (
      SELECT {casts},
        count(*) OVER (PARTITION BY {keys}) AS rows_of_key
      FROM (
{query.on(days) if days else query.text}
      ) AS given
    ) AS typed
    WHERE CASE {" ".join(refusals)} ELSE 1 END = 1"""


def _refuse(model: Model, condition: str, reason: str) -> str:
    key = " || ', ' || ".join(
        f"coalesce(CAST({identifier(name)} AS varchar), 'NULL')" for name in model.keys
    )
    return f"WHEN {condition} THEN CAST('{model.table_name}: {reason}' || {key} AS integer)"


def _update(names: Sequence[str]) -> str:
    if not names:
        return ""
    assigned = _list(f"{identifier(name)} = source.{identifier(name)}" for name in names)
    return f"WHEN MATCHED THEN UPDATE SET {assigned}\n"


def days_in_sql(days: Iterable[str]) -> str:
    """ISO dates as a list of dates in SQL."""
    return ", ".join(f"DATE '{day}'" for day in days)


def identifier(name: str) -> str:
    """A name as DML has it; names are held to [a-z0-9_]."""
    return f'"{name}"'


def _equal(keys: Iterable[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{identifier(k)} = {right}.{identifier(k)}" for k in keys)


def _new(name: str) -> str:
    return f"new_rows.{identifier(name)}"


def _old(name: str) -> str:
    return f"old_rows.{identifier(name)}"


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)
