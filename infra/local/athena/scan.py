"""Tables as DuckDB sees them: the objects of a scan, fetched, under the name that is queried."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from infra.local.athena.catalog import Catalog
from infra.local.athena.errors import QueryCancelled
from infra.local.athena.hive import HiveSource, PartitionsSource
from infra.local.athena.objects import ObjectCache, S3Object, total_bytes
from infra.local.athena.session import Session
from infra.local.athena.sql.plan import Scan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Source(Protocol):
    """What one scan reads."""

    objects: Sequence[S3Object]

    def define(self, paths: Sequence[Path]) -> str:
        """DuckDB's SELECT of the scan's columns over its objects, which are at `paths`."""


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
        sources = [(scan, self._source(scan)) for scan in scans]
        self.scanned_bytes = sum(total_bytes(source.objects) for _, source in sources)
        limit = self._scan_limit_bytes
        if limit is not None and self.scanned_bytes > limit:
            raise QueryCancelled("Bytes scanned limit was exceeded")
        for number, (scan, source) in enumerate(sources):
            paths = self._cache.fetch(
                self._s3,
                source.objects,
                into=self._session.directory / f"data{number}",
                check=self._session.check,
            )
            self._session.rows(f"CREATE VIEW {scan.name} AS {source.define(paths)}")

    def _source(self, scan: Scan) -> Source:
        if scan.version is None and scan.metadata:
            return PartitionsSource(scan, catalog=self._catalog, session=self._session)
        if scan.version is None:
            return HiveSource(scan, catalog=self._catalog, session=self._session, s3=self._s3)
        # Imported as the catalog imports what it reads of Iceberg.
        from infra.local.athena.iceberg.metadata.source import MetadataSource  # noqa: PLC0415
        from infra.local.athena.iceberg.scan import IcebergSource  # noqa: PLC0415

        if scan.metadata:
            return MetadataSource(scan, scan.version, session=self._session)
        return IcebergSource(scan, scan.version, session=self._session)
