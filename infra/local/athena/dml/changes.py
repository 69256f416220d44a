"""What a statement came to: written, committed as one snapshot, and answered."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.manifest import DataFile

from infra.local.athena.dml.target import Target
from infra.local.athena.iceberg.writes.commits import commit_change
from infra.local.athena.iceberg.writes.data_files import DataFiles, LocalFile, upload
from infra.local.athena.iceberg.writes.position_deletes import Deletes, write_deletes
from infra.local.athena.iceberg.writes.snapshots import Change
from infra.local.athena.journal import Outcome, ResultColumn
from infra.local.athena.session import quote_name
from infra.local.athena.sql.plan import PLACE, Scan
from infra.local.athena.work import Work

CASE = "$case"
"""Of MERGE: the number of the clause that a row is for, -1 where none is."""


def snapshot_properties(work: Work) -> dict[str, str]:
    """What Athena's snapshots say of themselves besides the counts."""
    return {"trino_query_id": work.execution_id}


def apply(
    work: Work,
    target: Target,
    *,
    added: str | None = None,
    ordered: bool = False,
    scan: Scan | None = None,
    places: str | None = None,
) -> None:
    """Write the rows `added` and take away those at `places` of `scan`, in one snapshot.

    Both can stand in FROM more than once. Nothing to do is no snapshot.
    """
    metadata = target.iceberg.metadata
    writer = DataFiles(work, metadata)
    new = writer.write(added, ordered=ordered) if added is not None else []
    deletes = Deletes()
    if scan is not None and places is not None:
        deletes = write_deletes(work, metadata, scan, places)
    write_manifest(work, [*new, *(each.local for each in deletes.files)])
    change = Change(
        added=[writer.describe(file) for file in new],
        deletes=[each.describe() for each in deletes.files],
        emptied=deletes.emptied,
        properties=snapshot_properties(work),
    )
    upload(work, [*new, *(each.local for each in deletes.files)])
    if change.added or not change.is_append:
        commit_change(work, target.table, target.iceberg, change, read_rows=scan is not None)


def rewrite(work: Work, target: Target, rows: str, replaced: Sequence[DataFile]) -> None:
    """Put new files in the place of others that hold the same rows."""
    writer = DataFiles(work, target.iceberg.metadata)
    new = writer.write(rows, ordered=True)
    write_manifest(work, new)
    change = Change(
        added=[writer.describe(file) for file in new],
        emptied=replaced,
        same_rows=True,
        properties=snapshot_properties(work),
    )
    upload(work, new)
    commit_change(work, target.table, target.iceberg, change, read_rows=True)


def write_manifest(work: Work, files: Sequence[LocalFile]) -> None:
    """The list of the files to write, by which those of a failed statement are found."""
    manifest = f"{work.output}-manifest.csv"
    work.results.put(manifest, "".join(f"{file.uri}\n" for file in files).encode())
    work.statistics.manifest = manifest


def outcome(work: Work, rows: int) -> Outcome:
    """The number of rows that the statement changed."""
    work.results.put(f"{work.output}.metadata", b"")
    return Outcome(columns=(ResultColumn("rows", "bigint", 19),), update_count=rows)


def places_of(rows: str, condition: str = "true") -> str:
    """The places in rows that have any, as text that can stand in FROM."""
    file, row = map(quote_name, PLACE)
    return f"(SELECT {file}, {row} FROM {rows} WHERE {file} IS NOT NULL AND {condition})"
