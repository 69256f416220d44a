"""A snapshot that replaces data files and keeps the table's manifests few.

pyiceberg's own overwrite carries every manifest along for ever, those too that only list what an
earlier snapshot deleted: after a thousand changes each reader would fetch a thousand of them.
"""

from __future__ import annotations

from pyiceberg.manifest import ManifestEntry, ManifestFile
from pyiceberg.table.update.snapshot import _MergeAppendFiles, _OverwriteFiles


class Overwrite(_OverwriteFiles, _MergeAppendFiles):
    """Overwrites as the first, merges manifests as the second does."""

    def _existing_manifests(self) -> list[ManifestFile]:
        """Those that list a data file which is still there."""
        return [
            manifest
            for manifest in super()._existing_manifests()
            if manifest.has_added_files() or manifest.has_existing_files()
        ]

    def _deleted_entries(self) -> list[ManifestEntry]:
        """Under this snapshot, as the specification wants it, and not the one that added them."""
        return [
            ManifestEntry.from_args(
                status=entry.status,
                snapshot_id=self._snapshot_id,
                sequence_number=entry.sequence_number,
                file_sequence_number=entry.file_sequence_number,
                data_file=entry.data_file,
            )
            for entry in super()._deleted_entries()
        ]
