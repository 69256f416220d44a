"""One snapshot more: its manifests, their list, and what it says of itself.

pyiceberg's own producers of snapshots know no files of deletes, and differ between its versions.
Source: https://iceberg.apache.org/spec/#snapshots and #manifests
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pyiceberg.avro.codecs import AvroCompressionCodec
from pyiceberg.io import FileIO
from pyiceberg.manifest import (
    DataFile,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriter,
    ManifestWriterV2,
    read_manifest_list,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import TableProperties
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import (
    Operation,
    Snapshot,
    SnapshotSummaryCollector,
    Summary,
    update_snapshot_summaries,
)
from pyiceberg.utils.properties import property_as_int

_COMPRESSION: AvroCompressionCodec = "deflate"


@dataclass(frozen=True, slots=True)
class Change:
    """What a statement changes."""

    added: Sequence[DataFile] = ()
    deletes: Sequence[DataFile] = ()
    emptied: Sequence[DataFile] = ()
    same_rows: bool = False
    """Whether what is added are the rows of what is emptied."""
    properties: dict[str, str] = field(default_factory=dict)
    """What the snapshot says of itself besides the counts."""

    @property
    def is_append(self) -> bool:
        """Whether it takes nothing away: it then goes with any other change."""
        return not self.deletes and not self.emptied

    @property
    def operation(self) -> Operation:
        """As Iceberg's RowDelta names it."""
        if self.same_rows:
            return Operation.REPLACE
        if self.is_append:
            return Operation.APPEND
        return Operation.OVERWRITE if self.added else Operation.DELETE


def _partition(file: DataFile) -> object:
    return file.spec_id, tuple(file.partition[i] for i in range(len(file.partition)))


class _DeleteManifestWriter(ManifestWriterV2):
    """A manifest of files of deletes, which pyiceberg reads only."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class SnapshotWriter:
    """Writes the snapshot that follows the current one of `metadata`."""

    def __init__(self, metadata: TableMetadata, io: FileIO, *, snapshot_id: int) -> None:
        self._metadata = metadata
        self._io = io
        self._id = snapshot_id
        self._places = load_location_provider(metadata.location, metadata.properties)
        self._parent = metadata.current_snapshot()
        self._summary = SnapshotSummaryCollector()

    def write(self, change: Change) -> Snapshot:
        """Write manifests and their list; nothing is visible before the table names the snapshot.

        Raises:
            QueryError: the caller may not read or write the table's metadata.
        """
        kept = self._kept(change)
        manifests = [
            *self._new(change.added, ManifestContent.DATA),
            *self._new(change.deletes, ManifestContent.DELETES),
            *kept,
        ]
        number = self._metadata.next_sequence_number()
        parent_id = self._parent.snapshot_id if self._parent else None
        location = self._places.new_metadata_location(f"snap-{self._id}-0-{uuid.uuid4()}.avro")
        with write_manifest_list(
            format_version=self._metadata.format_version,
            output_file=self._io.new_output(location),
            snapshot_id=self._id,
            parent_snapshot_id=parent_id,
            sequence_number=number,
            avro_compression=_COMPRESSION,
        ) as writer:
            writer.add_manifests(manifests)
        before = self._parent.summary if self._parent else None
        # pyiceberg counts for the operations that it makes itself, of which REPLACE is none.
        counted = Summary(Operation.OVERWRITE, **self._summary.build(), **change.properties)
        counts = update_snapshot_summaries(counted, before).additional_properties
        return Snapshot(
            snapshot_id=self._id,
            parent_snapshot_id=parent_id,
            manifest_list=location,
            sequence_number=number,
            summary=Summary(change.operation, **counts),
            schema_id=self._metadata.current_schema_id,
        )

    def _writer(self, spec: PartitionSpec, content: ManifestContent) -> ManifestWriter:
        location = self._places.new_metadata_location(f"{uuid.uuid4()}-m0.avro")
        output = self._io.new_output(location)
        schema = self._metadata.schema()
        if content is ManifestContent.DELETES:
            return _DeleteManifestWriter(spec, schema, output, self._id, _COMPRESSION)
        return write_manifest(
            self._metadata.format_version, spec, schema, output, self._id, _COMPRESSION
        )

    def _new(self, files: Sequence[DataFile], content: ManifestContent) -> Iterator[ManifestFile]:
        """Manifests of new files, one for each way in which they are partitioned."""
        specs = self._metadata.specs()
        by_spec: dict[int, list[DataFile]] = defaultdict(list)
        for file in files:
            by_spec[file.spec_id].append(file)
            self._summary.add_file(file, self._metadata.schema(), specs[file.spec_id])
        for spec_id, some in by_spec.items():
            with self._writer(specs[spec_id], content) as writer:
                for file in some:
                    writer.add(
                        ManifestEntry.from_args(
                            status=ManifestEntryStatus.ADDED, snapshot_id=self._id, data_file=file
                        )
                    )
            yield writer.to_manifest_file()

    def _kept(self, change: Change) -> list[ManifestFile]:
        """The manifests before, those written anew that list a file which is emptied."""
        if self._parent is None:
            return []
        listed = read_manifest_list(self._io.new_input(self._parent.manifest_list))
        before = [each for each in listed if each.has_added_files() or each.has_existing_files()]
        if not change.emptied:
            return self._merged(before)
        gone = {file.file_path for file in change.emptied}
        deletes = [each for each in before if each.content is ManifestContent.DELETES]
        kept: list[ManifestFile] = []
        left: set[object] = set()
        for manifest in (each for each in before if each.content is ManifestContent.DATA):
            entries = manifest.fetch_manifest_entry(self._io)
            left |= {_partition(e.data_file) for e in entries if e.data_file.file_path not in gone}
            touched = any(entry.data_file.file_path in gone for entry in entries)
            kept.append(self._without(manifest, entries, gone) if touched else manifest)
        for manifest in deletes:  # they apply to the files before, of their own partition
            entries = manifest.fetch_manifest_entry(self._io)
            paths = {e.data_file.file_path for e in entries if _partition(e.data_file) not in left}
            kept.append(self._without(manifest, entries, paths) if paths else manifest)
        return kept

    def _merged(self, manifests: Sequence[ManifestFile]) -> list[ManifestFile]:
        """The manifests, those of a kind in one when they are many: a read asks for each."""
        most = property_as_int(
            self._metadata.properties,
            TableProperties.MANIFEST_MIN_MERGE_COUNT,
            TableProperties.MANIFEST_MIN_MERGE_COUNT_DEFAULT,
        )
        kinds: dict[tuple[int, ManifestContent], list[ManifestFile]] = defaultdict(list)
        for manifest in manifests:
            kinds[manifest.partition_spec_id, manifest.content].append(manifest)
        result: list[ManifestFile] = []
        for (spec_id, content), alike in kinds.items():
            if most is None or len(alike) < most:
                result += alike
                continue
            with self._writer(self._metadata.specs()[spec_id], content) as writer:
                for manifest in alike:
                    for entry in manifest.fetch_manifest_entry(self._io):
                        writer.existing(entry)
            result.append(writer.to_manifest_file())
        return result

    def _without(
        self, manifest: ManifestFile, entries: Sequence[ManifestEntry], gone: set[str]
    ) -> ManifestFile:
        """The manifest anew, with what is gone marked as deleted."""
        spec = self._metadata.specs()[manifest.partition_spec_id]
        with self._writer(spec, manifest.content) as writer:
            for entry in entries:
                if entry.data_file.file_path in gone:
                    self._summary.remove_file(entry.data_file, self._metadata.schema(), spec)
                    writer.delete(entry)
                else:
                    writer.existing(entry)
        return writer.to_manifest_file()
