"""A snapshot that replaces data files and keeps the table's manifests few.

pyiceberg's own overwrite carries every manifest along for ever, those too that only list what an
earlier snapshot deleted: after a thousand changes each reader would fetch a thousand of them.
"""

from __future__ import annotations

from pyiceberg.manifest import ManifestFile
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
