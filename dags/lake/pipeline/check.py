"""Check: what Athena reads is what was published, and the keys are unique."""

from __future__ import annotations

from collections.abc import Iterable

from lake.dataset import DataSet
from lake.pipeline.catalog import Catalog, partition_types
from lake.pipeline.documents import LoadRecord, Plan
from lake.pipeline.places import Places
from lake.pipeline.store import Store

PARTITIONS_A_QUERY = 200
"""Athena takes 262,144 bytes of SQL; this many partition values stay far below."""


class CheckFailed(RuntimeError):
    """The table does not hold what the run published."""


def check(*, data_set: DataSet, store: Store, catalog: Catalog, plan: Plan) -> None:
    """Compare the rows of each loaded object as Athena counts them, and look for duplicate keys.

    What is checked is what will be deleted from the landing bucket: the files that this run
    loaded, and those of an earlier run that did not come so far. Only their partitions are read.

    Raises:
        CheckFailed: names the objects with a wrong count, or sample keys that are not unique.
    """
    records = _loaded(data_set, store, plan)
    expected = {
        f"s3://{store.curated_bucket}/{part.key}": part.rows
        for record in records
        for part in record.parts
    }
    counted: dict[str, int] = {}
    for where in _conditions(data_set, records):
        table = f'"{catalog.database}"."{data_set.table_name}"{where}'
        sql = f'SELECT "$path" AS path, count(*) AS n FROM {table} GROUP BY 1'  # noqa: S608  # names of the data set file, held to [a-z0-9_]
        counted |= {row["path"]: int(row["n"]) for row in catalog.query(sql)}
        if data_set.keys:
            _require_unique(data_set, catalog, table)
    wrong = {
        path: (rows, counted.get(path, 0))
        for path, rows in expected.items()
        if counted.get(path, 0) != rows
    }
    if wrong:
        said = "; ".join(
            f"{path}: wrote {rows}, Athena reads {n}" for path, (rows, n) in wrong.items()
        )
        raise CheckFailed(f"{data_set.table_name}: {said}")


def _loaded(data_set: DataSet, store: Store, plan: Plan) -> list[LoadRecord]:
    """The records of the plan's files that are loaded at the version that the plan names."""
    places = Places.of(data_set)
    records = store.read_many((places.record(file) for file in plan.files), LoadRecord)
    return [
        record
        for file, record in zip(plan.files, records, strict=True)
        if record and record.state == "loaded" and record.version_id == file.version_id
    ]


def _conditions(data_set: DataSet, records: Iterable[LoadRecord]) -> list[str]:
    """The WHERE clauses, one a query, that select the touched partitions."""
    values = sorted({tuple(part.partition.items()) for r in records for part in r.parts})
    if not values:
        return []
    if not data_set.partitions:
        return [""]
    return [
        " WHERE "
        + " OR ".join(_equals(data_set, v) for v in values[start : start + PARTITIONS_A_QUERY])
        for start in range(0, len(values), PARTITIONS_A_QUERY)
    ]


def _equals(data_set: DataSet, partition: Iterable[tuple[str, str]]) -> str:
    """`("data" = DATE '2021-06-25')`: a literal of the partition's type, so that Athena prunes."""
    types = partition_types(data_set)
    terms = []
    for name, value in partition:
        quoted = "'" + value.replace("'", "''") + "'"
        literal = {"string": quoted, "date": f"DATE {quoted}"}.get(types[name], value)
        terms.append(f'"{name}" = {literal}')
    return "(" + " AND ".join(terms) + ")"


def _require_unique(data_set: DataSet, catalog: Catalog, table: str) -> None:
    keys = ", ".join(f'"{key}"' for key in data_set.keys)
    sample = catalog.query(
        f"SELECT {keys}, count(*) AS n FROM {table} GROUP BY {keys} HAVING count(*) > 1 LIMIT 3"  # noqa: S608  # as above
    )
    if sample:
        raise CheckFailed(
            f"{data_set.table_name}: the keys ({keys}) are not unique, for example {sample}"
        )
