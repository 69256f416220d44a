"""A scan of a table of metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from infra.local.athena.iceberg.metadata import METADATA_TABLES
from infra.local.athena.iceberg.table import TableVersion
from infra.local.athena.objects import S3Object
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.plan import Scan
from infra.local.athena.types import duckdb_type


class MetadataSource:
    """Its rows, written into a file; no object of data is read."""

    objects: Sequence[S3Object] = ()

    def __init__(self, scan: Scan, version: TableVersion, *, session: Session) -> None:
        self._file = session.directory / f"{scan.name}.json"
        table = METADATA_TABLES[scan.metadata]
        self._columns = table.columns(version)
        with self._file.open("w") as file:
            for values in table.rows(version):
                json.dump(
                    {key: value for (key, _), value in zip(self._columns, values, strict=True)},
                    file,
                )
                file.write("\n")

    def define(self, _: Sequence[Path]) -> str:
        """The rows, which DuckDB reads from a file."""
        types = ", ".join(
            f"{quote_text(name)}: {quote_text(duckdb_type(of))}" for name, of in self._columns
        )
        names = ", ".join(quote_name(name) for name, _ in self._columns)
        return (
            f"SELECT {names} FROM read_json({quote_text(str(self._file))},"
            f" format = 'newline_delimited', columns = {{{types}}})"
        )
