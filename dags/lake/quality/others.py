"""What checks need besides the scan: another table's totals, the ledger, the catalog."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from lake.dataset.check_figures import Total
from lake.dataset.checks import SchemaDrift, Source
from lake.dataset.column import SOURCE_KEY
from lake.pipeline.ledger import FILES
from lake.quality.documents import CheckedTable, Loaded
from lake.quality.expressions import quoted
from lake.quality.judge import Verdict
from lake.targets import Target


def totals(target: Target, check: Total, days: Collection[date] | None) -> dict[date | None, float]:
    """What the other table has, by day where it has a column for it; all of it under None."""
    column = check.to or check.column
    total = f'sum(CAST("{column}" AS double))' if column else "count(*)"
    conditions = [f"({check.to_where})"] if check.to_where else []
    day = f'"{check.to_day}"' if check.to_day and days is not None else None
    if day:
        listed = ", ".join(f"DATE '{each}'" for each in sorted(days or ()))
        conditions.append(f"{day} IN ({listed})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = target.query(
        f"SELECT {day or 'NULL'} AS day_compared, {total} AS total"
        f' FROM "{check.table}"{where}' + (f" GROUP BY {day}" if day else "")
    )
    return {
        date.fromisoformat(row["day_compared"]) if row["day_compared"] else None: float(
            row["total"] or 0
        )
        for row in rows
    }


def judge_source(
    target: Target, table: CheckedTable, check: Source, loaded: Loaded
) -> tuple[Verdict, str]:
    """The table's rows of a run's files beside what the ledger says; and the query by file."""
    files = (
        f"SELECT key, sum(rows) AS loaded_rows FROM {FILES} WHERE data_set = "
        f"{quoted(loaded.data_set)} AND run_id = {quoted(loaded.run_id)} AND state = 'loaded' "
        "GROUP BY key"
    )
    by_file = (
        f"SELECT files.key, files.loaded_rows, count(held.{SOURCE_KEY}) AS table_rows "
        f'FROM ({files}) AS files LEFT JOIN "{table.name}" AS held '
        f"ON held.{SOURCE_KEY} = files.key GROUP BY files.key, files.loaded_rows"
    )
    message = "another run changed the table meanwhile, and may have replaced rows of these files"
    skipped = Verdict(status="skipped", measured=None, message=message), ""
    if loaded.rows is None:
        return skipped
    [found] = target.query(
        f"SELECT count(*) AS files, sum(table_rows) AS table_rows FROM ({by_file}) AS counted"
    )
    rows = int(found["table_rows"] or 0)
    difference = abs(rows - loaded.rows)
    if difference and not loaded.is_current():
        return skipped
    verdict = Verdict(
        status=check.severity if difference else "ok",
        measured=difference,
        threshold="0 rows",
        message=f"{loaded.rows:,} rows of {found['files']} files were loaded, the table has "
        f"{rows:,} of them",
        rows=rows,
        failing_rows=difference,
    )
    return verdict, f"SELECT * FROM ({by_file}) AS counted WHERE table_rows <> loaded_rows"


def judge_schema(
    target: Target, table: CheckedTable, check: SchemaDrift, loaded: Loaded | None
) -> Verdict:
    """The columns of the table beside those of its file, and the fields that no column reads."""
    there = target.columns(table.name) or {}
    added = [name for name in there if name not in table.columns]
    lost = [name for name in table.columns if name not in there]
    other = [
        name
        for name, kind in table.columns.items()
        # The names of types are Glue's: another engine has its own.
        if target.name == "athena" and name in there and there[name] != kind
    ]
    unknown = loaded.unknown_fields if loaded else {}
    found = [
        *(f"the column {name} is not declared" for name in added),
        *(f"the table has no column {name}" for name in lost),
        *(f"{name} is a {there[name]}, not a {table.columns[name]}" for name in other),
        *(
            f"no column reads the field {name}, which {count:,} of the records looked at have"
            for name, count in unknown.items()
        ),
    ]
    names = [*added, *lost, *other, *unknown]
    drifted = [text for name, text in zip(names, found, strict=True) if name not in check.ignore]
    return Verdict(
        status=check.severity if drifted else "ok",
        measured=len(drifted),
        threshold="0 differences",
        message="; ".join(drifted) or "the table is as its file declares it",
    )
