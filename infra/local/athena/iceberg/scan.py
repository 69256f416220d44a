"""A scan of a table of Iceberg: the files that its snapshot names, without what was deleted.

Source: https://iceberg.apache.org/spec/#scan-planning
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyiceberg.types import NestedField

from infra.local.athena.formats.parquet_schema import AlikeFiles, StoredField, alike
from infra.local.athena.formats.reader import (
    DataFile,
    file_number,
    nothing,
    of_its_file,
    path_list,
)
from infra.local.athena.iceberg.filters import file_filter
from infra.local.athena.iceberg.planning import plan
from infra.local.athena.iceberg.projection import converted, with_ids
from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.iceberg.types import athena_type
from infra.local.athena.iceberg.values import literal
from infra.local.athena.objects import S3Object, split_uri
from infra.local.athena.session import Session, quote_name
from infra.local.athena.sql.plan import PLACE, Scan
from infra.local.athena.types import BIGINT, VARCHAR, duckdb_type

_PATH = quote_name("$path")


class IcebergSource:
    """The data files of a snapshot that a scan needs, and the deletes that apply to them."""

    def __init__(self, scan: Scan, version: TableVersion, *, session: Session) -> None:
        self._scan = scan
        self._version = version
        self._session = session
        self._plan = plan(version, file_filter(scan.demands, version.schema))
        scan.files = self._plan.data
        self.objects: Sequence[S3Object] = [
            S3Object(*split_uri(file.file_path), etag="", size_bytes=file.file_size_in_bytes)
            for file in (*self._plan.data, *self._plan.position_deletes)
        ]

    def define(self, paths: Sequence[Path]) -> str:
        """One part for each schema that occurs among the files."""
        files = [
            DataFile(number, found, path)
            for number, (found, path) in enumerate(zip(self.objects, paths, strict=True))
        ]
        count = len(self._plan.data)
        data, deletes = files[:count], files[count:]
        if not data:
            places = [(name, BIGINT) for name in PLACE] if self._scan.places else []
            return nothing([*self._version.columns, ("$path", VARCHAR), *places])
        self._session.create_table(
            f"{self._scan.name}_files",
            {"number": "UBIGINT", "$path": "VARCHAR"},
            [(number, file.file_path) for number, file in enumerate(self._plan.data)],
        )
        positions = bool(deletes) or self._scan.places
        parts = [self._select(group, positions) for group in alike(self._session, data)]
        columns = [f"d.{quote_name(name)}" for name, _ in self._version.columns]
        columns.append(f"f.{_PATH}")
        if self._scan.places:
            numbers = ("d.file_number", "d.file_row_number")
            columns += [
                f"CAST({number} AS BIGINT) AS {quote_name(name)}"
                for number, name in zip(numbers, PLACE, strict=True)
            ]
        return (
            f"SELECT {', '.join(columns)} FROM ({' UNION ALL '.join(parts)}) AS d"
            f" JOIN {self._scan.name}_files AS f ON d.file_number = f.number"
            f"{_not_deleted(deletes)}"
        )

    def _select(self, group: AlikeFiles, with_positions: bool) -> str:
        table = self._version.table
        stored = with_ids(group.columns, table.metadata.name_mapping(), table.name)
        columns = [
            f"{self._column(field, stored.get(field.field_id), group.files)}"
            f" AS {quote_name(field.name.lower())}"
            for field in self._version.schema.fields
        ]
        columns.append(file_number(group.files))
        columns += ["file_row_number"] if with_positions else []
        return f"SELECT {', '.join(columns)} FROM read_parquet({path_list(group.files)})"

    def _column(
        self, field: NestedField, stored: StoredField | None, files: Sequence[DataFile]
    ) -> str:
        if stored is not None:
            return converted(quote_name(stored.name), stored, field.field_type)
        # Files that a table of Hive gave have the columns of the partition in the metadata alone.
        values = [self._plan.identity[file.number].get(field.field_id) for file in files]
        if any(value is not None for value in values):
            return of_its_file([literal(value, field.field_type) for value in values])
        return f"CAST(NULL AS {duckdb_type(athena_type(field.field_type))})"


def _not_deleted(deletes: Sequence[DataFile]) -> str:
    if not deletes:
        return ""
    return (
        f" WHERE NOT EXISTS (SELECT 1 FROM read_parquet({path_list(list(deletes))}) AS x"
        f" WHERE x.file_path = f.{_PATH} AND x.pos = d.file_row_number)"
    )
