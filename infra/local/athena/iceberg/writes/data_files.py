"""The rows of a statement as data files: Parquet with field ids, one or more a partition."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyiceberg import types as iceberg
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

from infra.local.athena.errors import QueryError, unsupported
from infra.local.athena.iceberg.writes.partitioning import partition_value
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.text import fresh_name
from infra.local.athena.types import row_field
from infra.local.athena.work import Work

MAX_PARTITIONS = 100
"""Partitions that one statement may write, as in Athena."""
_PARALLEL_REQUESTS = 8
_COMPRESSIONS = ("ZSTD", "SNAPPY", "GZIP", "LZ4", "BROTLI", "UNCOMPRESSED")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that is not uploaded yet, and the partition that its rows are in."""

    path: Path
    uri: str
    partition: Record


def parquet_options(metadata: TableMetadata) -> list[str]:
    """How DuckDB writes the table's files.

    Raises:
        QueryError: NOT_SUPPORTED, the table wants another format or compression.
    """
    form = metadata.properties.get("write.format.default", "parquet").upper()
    if form != "PARQUET":
        raise unsupported(f"writing {form} into a table of Iceberg")
    compression = metadata.properties.get("write.parquet.compression-codec", "zstd").upper()
    if compression not in _COMPRESSIONS:
        raise unsupported(f"the compression {compression} of Parquet")
    return ["FORMAT parquet", f"COMPRESSION {compression}"]


def file_uri(work: Work, metadata: TableMetadata, spec_id: int, partition: Record) -> str:
    """The address of a new file of the table, which no other has."""
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    name = f"{stamp}_{work.execution_id[:5]}_{uuid.uuid4()}.parquet"
    spec = metadata.specs()[spec_id]
    if spec.fields:
        name = f"{spec.partition_to_path(partition, metadata.schema())}/{name}"
    return load_location_provider(metadata.location, metadata.properties).new_data_location(name)


def upload(work: Work, files: Sequence[LocalFile]) -> None:
    """Upload the files in the caller's name."""

    def one(file: LocalFile) -> None:
        work.session.check()
        work.results.upload(file.uri, file.path)

    with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
        list(pool.map(one, files))


class DataFiles:
    """Writes the rows of one statement into one table."""

    def __init__(self, work: Work, metadata: TableMetadata) -> None:
        self._work = work
        self._metadata = metadata
        self._schema = metadata.schema()
        self._spec = metadata.spec()
        self._directory = work.session.directory / "written"

    def write(self, rows: str, *, ordered: bool = False) -> list[LocalFile]:
        """Write rows to the disk.

        `rows` can stand in FROM more than once, and has a column for each of the table's, in their
        order: `c0`, `c1`… Rows that their query has `ordered` may be of any number of partitions.

        Raises:
            QueryError: there are too many partitions.
        """
        self._directory.mkdir()
        columns = ", ".join(
            f"{_stored(f'r.c{i}', field.field_type)} AS {quote_name(field.name)}"
            for i, field in enumerate(self._schema.fields)
        )
        if self._spec.is_unpartitioned():
            path = self._directory / "data.parquet"
            written = self._copy(f"SELECT {columns} FROM {rows} AS r", path)
            return [self._local_file(path, Record())] if written else []
        keyed = self._keyed(rows)
        names = [f"p{i}" for i in range(len(self._spec.fields))]
        partitions = self._partitions(keyed, names, ordered=ordered)
        tests = " AND ".join(f"r.{name} IS NOT DISTINCT FROM p.{name}" for name in names)
        number = quote_name("$partition")
        self._copy(
            f"SELECT {columns}, p.number AS {number} FROM {keyed} AS r"
            f" JOIN partitions AS p ON {tests}",
            self._directory / "data",
            f"PARTITION_BY ({number})",
        )
        return [
            self._local_file(path, partitions[int(path.parent.name.partition("=")[2])])
            for path in sorted((self._directory / "data").rglob("*.parquet"))
        ]

    def _keyed(self, rows: str) -> str:
        """The rows with the values of their partition: `p0`, `p1`…"""
        session = self._work.session
        places = {field.field_id: i for i, field in enumerate(self._schema.fields)}
        values = [
            partition_value(
                session,
                f"{rows} AS r",
                f"r.c{places[field.source_id]}",
                self._schema.find_type(field.source_id),
                field,
            )
            for field in self._spec.fields
        ]
        items = ", ".join(f"{value.sql} AS p{i}" for i, value in enumerate(values))
        joins = " ".join(value.join for value in values)
        return stage(session, f"SELECT r.*, {items} FROM {rows} AS r {joins}", name="keyed")

    def _partitions(self, keyed: str, names: Sequence[str], *, ordered: bool) -> list[Record]:
        """The partitions of the rows by their number, which DuckDB has in `partitions`."""
        session, columns = self._work.session, ", ".join(names)
        session.rows(
            "CREATE TABLE partitions AS SELECT row_number() OVER () - 1 AS number, *"
            f" FROM (SELECT DISTINCT {columns} FROM {keyed})"
        )
        found = session.rows(f"SELECT {columns} FROM partitions ORDER BY number")
        if len(found) > MAX_PARTITIONS and not ordered:
            message = f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions"
            raise QueryError("ICEBERG_TOO_MANY_OPEN_PARTITIONS", message)
        return [Record(*values) for values in found]

    def _copy(self, sql: str, path: Path, *options: str) -> int:
        """Write the rows of a query; how many they are."""
        ids = _field_ids(self._schema.fields)
        options = (*parquet_options(self._metadata), f"FIELD_IDS {ids}", *options)
        copied = self._work.session.rows(
            f"COPY ({sql}) TO {quote_text(str(path))} ({', '.join(options)})"
        )
        return int(copied[0][0])

    def _local_file(self, path: Path, partition: Record) -> LocalFile:
        spec_id = self._spec.spec_id
        return LocalFile(path, file_uri(self._work, self._metadata, spec_id, partition), partition)

    def describe(self, file: LocalFile) -> DataFile:
        """A file as manifests hold it, with what is known of its columns."""
        statistics = data_file_statistics_from_parquet_metadata(
            pq.read_metadata(file.path),
            compute_statistics_plan(self._schema, self._metadata.properties),
            parquet_path_to_id_mapping(self._schema),
        )
        described = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=file.uri,
            file_format=FileFormat.PARQUET,
            partition=file.partition,
            file_size_in_bytes=file.path.stat().st_size,
            **statistics.to_serialized_dict(),
        )
        described.spec_id = self._spec.spec_id
        return described


def stage(session: Session, sql: str, *, name: str = "staged") -> str:
    """The rows of a query on the disk, computed once; text that can stand in FROM."""
    path = session.directory / f"{name}.parquet"
    session.rows(f"COPY ({sql}) TO {quote_text(str(path))} (FORMAT parquet)")
    return f"read_parquet({quote_text(str(path))})"


def _stored(sql: str, of: iceberg.IcebergType) -> str:
    """A value with the names that the table's fields have."""
    match of:
        case iceberg.ListType():
            name = fresh_name()
            return f"list_transform({sql}, lambda {name}: {_stored(name, of.element_type)})"
        case iceberg.MapType():
            name = fresh_name()
            key = _stored(f"{name}.key", of.key_type)
            value = _stored(f"{name}.value", of.value_type)
            entries = f"list_transform(map_entries({sql}), lambda {name}: row({key}, {value}))"
            return f"CASE WHEN {sql} IS NOT NULL THEN map_from_entries({entries}) END"
        case iceberg.StructType():
            values = (
                _stored(f"({sql}).{row_field(i)}", field.field_type)
                for i, field in enumerate(of.fields)
            )
            parts = (
                f"{quote_name(field.name)} := {value}"
                for field, value in zip(of.fields, values, strict=True)
            )
            return f"CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"
    return sql


def _field_ids(fields: Sequence[iceberg.NestedField]) -> str:
    """DuckDB's FIELD_IDS of columns, or of the fields of a row."""
    return f"{{{', '.join(f'{quote_name(f.name)}: {_field_id(f)}' for f in fields)}}}"


def _field_id(field: iceberg.NestedField) -> str:
    nested: Any = field.field_type
    own = f"__duckdb_field_id: {field.field_id}"
    match nested:
        case iceberg.ListType():
            return f"{{{own}, element: {_field_id(nested.element_field)}}}"
        case iceberg.MapType():
            key, value = _field_id(nested.key_field), _field_id(nested.value_field)
            return f"{{{own}, key: {key}, value: {value}}}"
        case iceberg.StructType():
            return f"{{{own}, {_field_ids(nested.fields)[1:-1]}}}"
    return str(field.field_id)
