"""The rows that a statement takes away: by their places, or with the whole of their file.

Source: https://iceberg.apache.org/spec/#position-delete-files
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table.metadata import TableMetadata

from infra.local.athena.iceberg.writes.data_files import LocalFile, file_uri, parquet_options
from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.plan import PLACE, Scan
from infra.local.athena.work import Work

PATH_ID, POSITION_ID = 2147483546, 2147483545
"""The field ids that the specification reserves for `file_path` and `pos`."""

_FILE, _ROW = map(quote_name, PLACE)


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """A file of places, and the data files that they are in."""

    local: LocalFile
    rows: int
    data: Sequence[DataFile]

    def describe(self) -> DataFile:
        """The file as manifests hold it."""
        paths = sorted(each.file_path for each in self.data)
        described = DataFile.from_args(
            content=DataFileContent.POSITION_DELETES,
            file_path=self.local.uri,
            file_format=FileFormat.PARQUET,
            partition=self.local.partition,
            record_count=self.rows,
            file_size_in_bytes=self.local.path.stat().st_size,
            lower_bounds={PATH_ID: paths[0].encode()},
            upper_bounds={PATH_ID: paths[-1].encode()},
        )
        described.spec_id = self.data[0].spec_id
        return described


@dataclass(frozen=True, slots=True)
class Deletes:
    """What a statement deletes."""

    files: Sequence[DeleteFile] = ()
    emptied: Sequence[DataFile] = ()
    """Data files no row of which is left."""


def write_deletes(work: Work, metadata: TableMetadata, scan: Scan, places: str) -> Deletes:
    """Write the places of deleted rows to the disk, a file for each partition.

    `places` can stand in FROM more than once and has the columns of `PLACE`, no place twice.
    """
    session = work.session
    counts = session.rows(
        f"SELECT d.{_FILE}, d.rows = l.rows FROM"
        f" (SELECT {_FILE}, count(*) AS rows FROM {places} GROUP BY ALL) AS d"
        f" JOIN (SELECT {_FILE}, count(*) AS rows FROM {scan.name} GROUP BY ALL) AS l"
        f" ON d.{_FILE} = l.{_FILE} ORDER BY ALL"
    )
    emptied = [scan.files[number] for number, is_all in counts if is_all]
    partitions: dict[object, list[int]] = defaultdict(list)
    for number, is_all in counts:
        if not is_all:
            file = scan.files[number]
            values = tuple(file.partition[i] for i in range(len(file.partition)))
            partitions[file.spec_id, values].append(number)
    files: list[DeleteFile] = []
    for numbers in partitions.values():
        path = session.directory / f"deletes{len(files)}.parquet"
        rows = session.rows(_copy(metadata, scan, places, numbers, path))[0][0]
        data = [scan.files[number] for number in numbers]
        uri = file_uri(work, metadata, data[0].spec_id, data[0].partition)
        files.append(DeleteFile(LocalFile(path, uri, data[0].partition), rows, data))
    return Deletes(files, emptied)


def _copy(
    metadata: TableMetadata, scan: Scan, places: str, numbers: Sequence[int], path: Path
) -> str:
    """DuckDB's statement that writes the places in some of the files, in their order."""
    options = [
        *parquet_options(metadata),
        f"FIELD_IDS {{file_path: {PATH_ID}, pos: {POSITION_ID}}}",
    ]
    return (
        f'COPY (SELECT f."$path" AS file_path, p.{_ROW} AS pos FROM {places} AS p'
        f" JOIN {scan.name}_files AS f ON p.{_FILE} = f.number"
        f" WHERE p.{_FILE} IN ({', '.join(map(str, numbers))}) ORDER BY file_path, pos)"
        f" TO {quote_text(str(path))} ({', '.join(options)})"
    )
