"""The tables `"t$snapshots"`, `"t$files"`… that show the metadata of a table `t`."""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.athena.iceberg.metadata.files import FILES, MANIFESTS
from infra.local.athena.iceberg.metadata.partitions import PARTITIONS
from infra.local.athena.iceberg.metadata.snapshots import HISTORY, REFS, SNAPSHOTS
from infra.local.athena.iceberg.metadata.table import MetadataTable

METADATA_TABLES: Mapping[str, MetadataTable] = {
    "files": FILES,
    "history": HISTORY,
    "manifests": MANIFESTS,
    "partitions": PARTITIONS,
    "refs": REFS,
    "snapshots": SNAPSHOTS,
}
"""By the name behind the dollar sign."""
