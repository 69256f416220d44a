"""Where a data set's things are in the curated bucket.

    <domain>/<table>/<partition>/<file>-<content>-part-00000.parquet   the table
    _records/<domain>/<table>/<file>.json                what was loaded of each file
    _rejects/<domain>/<table>/<file>-<content>.parquet   the records that were refused
    _runs/<domain>/<table>/<run>/...                     a run's plan, results, staged parts

Athena and Glue skip prefixes that start with an underscore.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake.dataset import DataSet
from lake.pipeline.documents import LandedFile


@dataclass(frozen=True, kw_only=True)
class Places:
    """The keys of one data set."""

    domain: str
    table: str

    @classmethod
    def of(cls, data_set: DataSet) -> Places:
        """The places of a data set."""
        return cls(domain=data_set.domain, table=data_set.table)

    @property
    def table_prefix(self) -> str:
        """The prefix of the published table."""
        return f"{self.domain}/{self.table}/"

    def record(self, file: LandedFile) -> str:
        """The key of a file's durable record."""
        return f"_records/{self.table_prefix}{file.file_id}.json"

    def published_part(self, file: LandedFile, sha256: str, relative_path: str) -> str:
        """The key of a part in the table: the same file and content give the same key.

        `relative_path` is the part's path under its folder: `data=2021-06-25/part-00000.parquet`.
        """
        folder, _, name = relative_path.rpartition("/")
        stem = f"{file.file_id}-{sha256[:16]}-{name}"
        return f"{self.table_prefix}{folder}/{stem}" if folder else f"{self.table_prefix}{stem}"

    def rejects(self, file: LandedFile, sha256: str) -> str:
        """The key of the records refused from a file."""
        return f"_rejects/{self.table_prefix}{file.file_id}-{sha256[:16]}.parquet"

    def run(self, run_id: str) -> RunPlaces:
        """The places of one run."""
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", run_id)
        return RunPlaces(prefix=f"_runs/{self.table_prefix}{safe}/")


@dataclass(frozen=True, kw_only=True)
class RunPlaces:
    """The keys of one run's documents and staged parts."""

    prefix: str

    @property
    def plan(self) -> str:
        """The key of the plan."""
        return f"{self.prefix}plan.json"

    def result(self, file: LandedFile) -> str:
        """The key of a file's result."""
        return f"{self.prefix}results/{file.file_id}.json"

    def staged(self, file: LandedFile, relative_path: str) -> str:
        """The key of a staged part or of the staged rejects."""
        return f"{self.prefix}staged/{file.file_id}/{relative_path}"
