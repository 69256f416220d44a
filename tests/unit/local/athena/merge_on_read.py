"""Files of deletes, which Athena and Flink write and pyiceberg only reads."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record

from .lake import Lake


class _DeleteManifestWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def delete_positions(lake: Lake, table: Table, positions: dict[str, list[int]]) -> None:
    """Delete rows of data files by their place."""
    pairs = [(path, place) for path, places in positions.items() for place in places]
    columns: dict[str, Any] = {
        "file_path": [path for path, _ in pairs],
        "pos": [place for _, place in pairs],
    }
    _delete(lake, table, pa.table(columns), DataFileContent.POSITION_DELETES)


def delete_equal(lake: Lake, table: Table, rows: pa.Table, ids: list[int]) -> None:
    """Delete the rows that are equal to one of `rows` in the columns with these ids."""
    _delete(lake, table, rows, DataFileContent.EQUALITY_DELETES, equality_ids=ids)


def _delete(
    lake: Lake, table: Table, rows: pa.Table, content: DataFileContent, **details: Any
) -> None:
    """Commit a snapshot with one more file of deletes."""
    table.refresh()
    metadata = table.metadata
    snapshot_id = metadata.new_snapshot_id()
    before = metadata.current_snapshot()
    assert before is not None
    buffer = io.BytesIO()
    pq.write_table(rows, buffer)
    path = f"{metadata.location}/data/deletes-{snapshot_id}.parquet"
    lake.put(path, buffer.getvalue())
    file = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=rows.num_rows,
        file_size_in_bytes=len(buffer.getvalue()),
        **details,
    )
    file.spec_id = metadata.default_spec_id
    entry = ManifestEntry.from_args(
        status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=file
    )
    folder = f"{metadata.location}/metadata"
    output = table.io.new_output(f"{folder}/deletes-{snapshot_id}.avro")
    with _DeleteManifestWriter(
        metadata.spec(), metadata.schema(), output, snapshot_id, "deflate"
    ) as writer:
        writer.add_entry(entry)
    manifest = writer.to_manifest_file()
    listed = table.io.new_output(f"{folder}/snap-{snapshot_id}.avro")
    number = metadata.next_sequence_number()
    parent = before.snapshot_id
    with write_manifest_list(2, listed, snapshot_id, parent, number, "deflate") as manifests:
        manifests.add_manifests([*before.manifests(table.io), manifest])
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        parent_snapshot_id=parent,
        sequence_number=number,
        manifest_list=listed.location,
        summary=Summary(Operation.DELETE),
        schema_id=metadata.current_schema_id,
    )
    table.catalog.commit_table(
        table,
        (),
        (
            AddSnapshotUpdate(snapshot=snapshot),
            SetSnapshotRefUpdate(
                ref_name="main",
                type="branch",
                snapshot_id=snapshot_id,
                max_ref_age_ms=None,
                max_snapshot_age_ms=None,
                min_snapshots_to_keep=None,
            ),
        ),
    )
