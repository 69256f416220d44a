"""Tables as DuckDB sees them: the objects of a scan, fetched, under the name that is queried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.athena import partitions
from infra.local.athena.catalog import Catalog, Partition, Storage, Table
from infra.local.athena.errors import QueryCancelled, unsupported
from infra.local.athena.formats import json, parquet, text
from infra.local.athena.formats.reader import DataFile, Reader
from infra.local.athena.objects import ObjectCache, S3Object, list_objects, total_bytes
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.named import column_type
from infra.local.athena.sql.plan import Scan
from infra.local.athena.types import duckdb_type

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PARALLEL_LISTINGS = 8

_READERS: dict[str, Reader] = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": parquet.read,
    "org.openx.data.jsonserde.JsonSerDe": json.read,
    "org.apache.hive.hcatalog.data.JsonSerDe": json.read,
    "org.apache.hadoop.hive.serde2.JsonSerDe": json.read,
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": text.read_delimited,
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": text.read_csv,
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """One partition and the objects in it."""

    partition: Partition
    objects: list[S3Object]


class Loader:
    """Makes the scans of one query readable."""

    def __init__(
        self,
        *,
        s3: S3Client,
        catalog: Catalog,
        session: Session,
        cache: ObjectCache,
        scan_limit_bytes: int | None,
    ) -> None:
        self._s3 = s3
        self._catalog = catalog
        self._session = session
        self._cache = cache
        self._scan_limit_bytes = scan_limit_bytes
        self.scanned_bytes = 0

    def load(self, scans: Sequence[Scan]) -> None:
        """List, fetch and name the data of every scan.

        Raises:
            QueryCancelled: the scans are more bytes than the work group allows.
            QueryError: the caller may not read them, or their format is not known.
        """
        listed = [(scan, self._list(scan)) for scan in scans]
        self.scanned_bytes = sum(total_bytes(each.objects) for _, found in listed for each in found)
        limit = self._scan_limit_bytes
        if limit is not None and self.scanned_bytes > limit:
            raise QueryCancelled("Bytes scanned limit was exceeded")
        for number, (scan, found) in enumerate(listed):
            self._define(scan, found, self._session.directory / f"data{number}")

    def _list(self, scan: Scan) -> list[_Listed]:
        chosen = partitions.choose(scan, self._catalog, self._session).partitions

        def objects(partition: Partition) -> _Listed:
            self._session.check()
            return _Listed(partition, list(list_objects(self._s3, partition.storage.location)))

        with ThreadPoolExecutor(_PARALLEL_LISTINGS) as pool:
            return list(pool.map(objects, chosen))

    def _define(self, scan: Scan, listed: list[_Listed], directory: Path) -> None:
        """A view of the scan's name: one part for each way in which its files are written."""
        numbered = [(each.partition, found) for each in listed for found in each.objects]
        paths = self._cache.fetch(
            self._s3,
            [found for _, found in numbered],
            into=directory,
            check=self._session.check,
        )
        files = [
            DataFile(number, found, path)
            for number, ((_, found), path) in enumerate(zip(numbered, paths, strict=True))
        ]
        groups: dict[str, list[DataFile]] = defaultdict(list)
        storages: dict[str, Storage] = {}
        for (partition, _), file in zip(numbered, files, strict=True):
            key = repr((partition.storage.serde, partition.storage.serde_parameters))
            groups[key].append(file)
            storages[key] = partition.storage
        self._name_files(scan, numbered)
        selects = [
            self._select(scan, storages[key], members) for key, members in groups.items()
        ] or [_nothing(scan.table)]
        self._session.rows(f"CREATE VIEW {scan.name} AS {' UNION ALL '.join(selects)}")

    def _name_files(self, scan: Scan, numbered: list[tuple[Partition, S3Object]]) -> None:
        """A table of the scan's files: what is the same in every row of one."""
        keys = scan.table.partition_keys
        names = [quote_name(f"text{i}") for i in range(len(keys))]
        typed = [
            f"{partitions.key_value(scan.table, key, name).sql} AS {quote_name(key.name)}"
            for key, name in zip(keys, names, strict=True)
        ]
        columns = ", ".join(["number", *typed, '"$path"'])
        declared = ["number UBIGINT", *(f"{name} VARCHAR" for name in names), '"$path" VARCHAR']
        self._session.rows(f"CREATE TABLE {scan.name}_raw ({', '.join(declared)})")
        rows = [
            (str(number), *partition.values, found.uri)
            for number, (partition, found) in enumerate(numbered)
        ]
        for begin in range(0, len(rows), 1000):
            values = ", ".join(
                f"({', '.join('NULL' if v is None else quote_text(v) for v in row)})"
                for row in rows[begin : begin + 1000]
            )
            self._session.rows(f"INSERT INTO {scan.name}_raw VALUES {values}")
        self._session.rows(
            f"CREATE TABLE {scan.name}_files AS SELECT {columns} FROM {scan.name}_raw"
        )

    def _select(self, scan: Scan, storage: Storage, files: list[DataFile]) -> str:
        reader = _READERS.get(storage.serde)
        if reader is None:
            where = f"{scan.table.database}.{scan.table.name}"
            raise unsupported(f"the SerDe {storage.serde or '(none)'} of {where}")
        rows = reader(self._session, scan.table, storage, files)
        own = [f"d.{quote_name(column.name)}" for column in scan.table.columns]
        keys = [f"f.{quote_name(key.name)}" for key in scan.table.partition_keys]
        columns = ", ".join([*own, *keys, 'f."$path"'])
        return (
            f"(SELECT {columns} FROM ({rows}) AS d"
            f" JOIN {scan.name}_files AS f ON d.file_number = f.number)"
        )


def _nothing(table: Table) -> str:
    columns = [
        f"CAST(NULL AS {duckdb_type(column_type(table, each.name, each.hive_type))})"
        f" AS {quote_name(each.name)}"
        for each in (*table.columns, *table.partition_keys)
    ]
    return f"(SELECT {', '.join(columns)}, '' AS \"$path\" WHERE false)"
