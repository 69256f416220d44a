"""Which files of a snapshot a query reads, and what was deleted from them.

A manifest is skipped by the summaries of its partitions; a file by its partition and by the least
and greatest values of its columns. Source: https://iceberg.apache.org/spec/#scan-planning
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.visitors import (
    _InclusiveMetricsEvaluator,
    expression_evaluator,
    inclusive_projection,
    manifest_evaluator,
)
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestEntry,
    ManifestFile,
    read_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform

from infra.local.athena.errors import unsupported
from infra.local.athena.iceberg.table import TableVersion

_PARALLEL_REQUESTS = 8


@dataclass(slots=True)
class Plan:
    """The files to read."""

    data: list[DataFile] = field(default_factory=list)
    position_deletes: list[DataFile] = field(default_factory=list)
    identity: list[dict[int, Any]] = field(default_factory=list)
    """For each data file the values of its partition that are columns, by field id."""


def manifests(version: TableVersion) -> list[ManifestFile]:
    """The manifests of the snapshot."""
    if version.snapshot is None:
        return []
    # Not Snapshot.manifests: its cache knows no callers.
    return list(read_manifest_list(version.table.io.new_input(version.snapshot.manifest_list)))


def entries(version: TableVersion, of: Sequence[ManifestFile]) -> Iterator[ManifestEntry]:
    """The live entries of the manifests, in their order."""
    io = version.table.io
    with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
        for found in pool.map(lambda manifest: manifest.fetch_manifest_entry(io), of):
            yield from found


def plan(version: TableVersion, wanted: BooleanExpression) -> Plan:
    """The files of a snapshot that may have rows that `wanted` takes.

    Raises:
        QueryError: a file cannot be read, or holds what this engine does not apply.
    """
    pruning = _Pruning(version, wanted)
    kept = [each for each in manifests(version) if pruning.keeps_manifest(each)]
    result = Plan()
    for entry in entries(version, kept):
        file = entry.data_file
        if file.file_format != FileFormat.PARQUET:
            raise unsupported(f"an Iceberg file of the format {file.file_format}")
        if file.content is DataFileContent.EQUALITY_DELETES:
            raise unsupported(f"equality deletes of Iceberg ({version.table.name})")
        if file.content is DataFileContent.POSITION_DELETES:
            # By path and position, so that one that does not apply changes nothing.
            result.position_deletes.append(file)
        elif pruning.keeps_file(file):
            result.data.append(file)
            result.identity.append(_identity_values(version, file))
    if not result.data:
        result.position_deletes.clear()
    return result


def _identity_values(version: TableVersion, file: DataFile) -> dict[int, Any]:
    spec = version.table.metadata.specs()[file.spec_id]
    return {
        each.source_id: file.partition[i]
        for i, each in enumerate(spec.fields)
        if isinstance(each.transform, IdentityTransform)
    }


class _Pruning:
    """The predicate of a scan, projected on each way in which the table was partitioned."""

    def __init__(self, version: TableVersion, wanted: BooleanExpression) -> None:
        self._schema = version.schema
        self._specs = version.table.metadata.specs()
        self._wanted = wanted
        self._metrics = _InclusiveMetricsEvaluator(self._schema, wanted).eval
        self._manifests: dict[int, Callable[[ManifestFile], bool]] = {}
        self._partitions: dict[int, Callable[[Any], bool]] = {}

    def keeps_manifest(self, manifest: ManifestFile) -> bool:
        """Whether a file in it may have rows."""
        spec_id = manifest.partition_spec_id
        if spec_id not in self._manifests:
            spec, projected = self._projected(spec_id)
            self._manifests[spec_id] = manifest_evaluator(spec, self._schema, projected)
        return self._manifests[spec_id](manifest)

    def keeps_file(self, file: DataFile) -> bool:
        """Whether the file may have rows."""
        if file.spec_id not in self._partitions:
            spec, projected = self._projected(file.spec_id)
            partition = Schema(*spec.partition_type(self._schema).fields)
            self._partitions[file.spec_id] = expression_evaluator(
                partition, projected, case_sensitive=True
            )
        return self._partitions[file.spec_id](file.partition) and self._metrics(file)

    def _projected(self, spec_id: int) -> tuple[PartitionSpec, BooleanExpression]:
        spec = self._specs[spec_id]
        known = {each.field_id for each in self._schema.fields}
        if any(each.source_id not in known for each in spec.fields):
            # Time travel to before a partition column was added, or after one was dropped.
            return PartitionSpec(), AlwaysTrue()
        return spec, inclusive_projection(self._schema, spec)(self._wanted)
