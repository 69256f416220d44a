"""A scan of a table of Hive: the objects of its partitions, read by the SerDe of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.athena import partitions
from infra.local.athena.catalog import Catalog, Partition, Storage
from infra.local.athena.errors import unsupported
from infra.local.athena.formats import json, parquet, text
from infra.local.athena.formats.reader import DataFile, Reader, nothing
from infra.local.athena.objects import S3Object, list_objects
from infra.local.athena.session import Session, quote_name
from infra.local.athena.sql.named import HIDDEN_COLUMNS, column_type
from infra.local.athena.sql.plan import Scan

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


class PartitionsSource:
    """The partitions of a table as rows: `"t$partitions"`."""

    objects: Sequence[S3Object] = ()

    def __init__(self, scan: Scan, *, catalog: Catalog, session: Session) -> None:
        self._scan = scan
        keys = scan.table.partition_keys
        self._names = [f"text{i}" for i in range(len(keys))]
        chosen = partitions.choose(scan, catalog, session).partitions
        session.create_table(
            f"{scan.name}_raw",
            dict.fromkeys(self._names, "VARCHAR"),
            [each.values for each in chosen],
        )

    def define(self, _: Sequence[Path]) -> str:
        """The values of the keys, typed."""
        table = self._scan.table
        typed = [
            f"{partitions.key_value(table, key, name).sql} AS {quote_name(key.name)}"
            for key, name in zip(table.partition_keys, self._names, strict=True)
        ]
        return f"SELECT {', '.join(typed)} FROM {self._scan.name}_raw"


class HiveSource:
    """The objects below the locations of the partitions that a scan needs."""

    def __init__(self, scan: Scan, *, catalog: Catalog, session: Session, s3: S3Client) -> None:
        self._scan = scan
        self._session = session
        chosen = partitions.choose(scan, catalog, session).partitions

        def listed(partition: Partition) -> list[tuple[Partition, S3Object]]:
            session.check()
            found = list_objects(s3, partition.storage.location)
            return [(partition, each) for each in found]

        with ThreadPoolExecutor(_PARALLEL_LISTINGS) as pool:
            self._numbered = [each for found in pool.map(listed, chosen) for each in found]
        self.objects: Sequence[S3Object] = [each for _, each in self._numbered]

    def define(self, paths: Sequence[Path]) -> str:
        """One part for each way in which the files are written."""
        groups: dict[str, list[DataFile]] = defaultdict(list)
        storages: dict[str, Storage] = {}
        for number, ((partition, found), path) in enumerate(
            zip(self._numbered, paths, strict=True)
        ):
            key = repr((partition.storage.serde, partition.storage.serde_parameters))
            groups[key].append(DataFile(number, found, path))
            storages[key] = partition.storage
        self._name_files()
        table = self._scan.table
        selects = [self._select(storages[key], files) for key, files in groups.items()]
        if selects:
            return " UNION ALL ".join(selects)
        columns = [
            (each.name, column_type(table, each.name, each.hive_type))
            for each in (*table.columns, *table.partition_keys)
        ]
        return nothing([*columns, *HIDDEN_COLUMNS])

    def _name_files(self) -> None:
        """A table of the scan's files: what is the same in every row of one."""
        scan = self._scan
        keys = scan.table.partition_keys
        names = [f"text{i}" for i in range(len(keys))]
        self._session.create_table(
            f"{scan.name}_raw",
            {
                "number": "UBIGINT",
                **dict.fromkeys(names, "VARCHAR"),
                "$path": "VARCHAR",
                "$file_size": "BIGINT",
            },
            [
                (number, *partition.values, found.uri, found.size_bytes)
                for number, (partition, found) in enumerate(self._numbered)
            ],
        )
        typed = [
            f"{partitions.key_value(scan.table, key, name).sql} AS {quote_name(key.name)}"
            for key, name in zip(keys, names, strict=True)
        ]
        columns = ", ".join(["number", *typed, *(quote_name(name) for name, _ in HIDDEN_COLUMNS)])
        self._session.rows(
            f"CREATE TABLE {scan.name}_files AS SELECT {columns} FROM {scan.name}_raw"
        )

    def _select(self, storage: Storage, files: list[DataFile]) -> str:
        table = self._scan.table
        reader = _READERS.get(storage.serde)
        if reader is None:
            where = f"{table.database}.{table.name}"
            raise unsupported(f"the SerDe {storage.serde or '(none)'} of {where}")
        rows = reader(self._session, table, storage, files)
        own = [f"d.{quote_name(column.name)}" for column in table.columns]
        keys = [f"f.{quote_name(key.name)}" for key in table.partition_keys]
        hidden = [f"f.{quote_name(name)}" for name, _ in HIDDEN_COLUMNS]
        columns = ", ".join([*own, *keys, *hidden])
        return (
            f"(SELECT {columns} FROM ({rows}) AS d"
            f" JOIN {self._scan.name}_files AS f ON d.file_number = f.number)"
        )
