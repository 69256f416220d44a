"""Where a data set's things are.

In the curated bucket:

    <domain>/<table>/data/<run>/<conversion>/...   what a run adds to the table
    <domain>/<table>_quarantine/data/...           and to its quarantine
    _log/<domain>/<table>/<number>.json            the change log, and how far it is applied
    _files/<domain>/<table>/<shard>.json           the file index
    _runs/<domain>/<table>/<run>/<attempt>/...     what the stages of a run hand to each other
    _ledger/{runs,files}/...                       the ledger, of all data sets

In the landing bucket, besides what lands:

    _archive/<domain>/<table>/...                  processed originals
    _replays/<domain>/<table>/...                  orders to convert quarantined records again
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from lake.dataset import DataSet

LEDGER_RUNS = "_ledger/runs/"
LEDGER_FILES = "_ledger/files/"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The keys of one data set."""

    domain: str
    table: str
    source_prefix: str

    @classmethod
    def of(cls, data_set: DataSet) -> Places:
        """The places of a data set."""
        return cls(
            domain=data_set.domain, table=data_set.table, source_prefix=data_set.source_prefix
        )

    @property
    def folder(self) -> str:
        """`<domain>/<table>/`, in whatever prefix."""
        return f"{self.domain}/{self.table}/"

    @property
    def archive_prefix(self) -> str:
        """Where the processed originals are, in the landing bucket."""
        return f"_archive/{self.folder}"

    @property
    def replay_prefix(self) -> str:
        """Where orders to replay are, in the landing bucket."""
        return f"_replays/{self.folder}"

    def archived(self, key: str) -> str:
        """Where the original that landed under `key` is kept."""
        return self.archive_prefix + key.removeprefix(self.source_prefix)

    def landed(self, archived: str) -> str:
        """The key that an archived original landed under."""
        return self.source_prefix + archived.removeprefix(self.archive_prefix)

    def commit(self, number: int) -> str:
        """The key of a change of the log."""
        return f"_log/{self.folder}{number:012}.json"

    @property
    def log_head(self) -> str:
        """The key of the document that says how far the log is applied."""
        return f"_log/{self.folder}head.json"

    def index_shard(self, key: str) -> str:
        """The key of the shard of the file index that knows the file `key`; there are 256."""
        return f"_files/{self.folder}{sha256(key.encode()).hexdigest()[:2]}.json"

    def run(self, run_id: str) -> RunPlaces:
        """The places of one run."""
        return RunPlaces(folder=self.folder, run=safe_name(run_id))


@dataclass(frozen=True, kw_only=True)
class RunPlaces:
    """The keys of one run's documents and of the objects that it adds to the tables."""

    folder: str
    run: str
    """The run's id as a path has it."""

    @property
    def staged(self) -> str:
        """Below a table's prefix, the folder of what the run adds to it."""
        return f"data/{self.run}/"

    @property
    def plan(self) -> str:
        """The key of the current plan."""
        return f"_runs/{self.folder}{self.run}/plan.json"

    def batch(self, attempt: str, number: int) -> str:
        """The key of what a task has to convert."""
        return self._document(attempt, "batches", number)

    def result(self, attempt: str, number: int) -> str:
        """The key of what a task converted."""
        return self._document(attempt, "results", number)

    def spark_job(self, attempt: str) -> str:
        """The key of what Spark has to convert."""
        return f"_runs/{self.folder}{self.run}/{attempt}/spark/job.json"

    def spark_document(self, attempt: str) -> str:
        """The key of what the Spark job itself reads of that."""
        return f"_runs/{self.folder}{self.run}/{attempt}/spark/document.json"

    def spark_scratch(self, attempt: str) -> str:
        """The prefix of the Spark job's result, and of what only the job itself reads."""
        return f"_runs/{self.folder}{self.run}/{attempt}/spark/scratch/"

    def audit(self, attempt: str) -> str:
        """The key of what the audit found."""
        return f"_runs/{self.folder}{self.run}/{attempt}/audit.json"

    def published(self, attempt: str) -> str:
        """The key of what was published."""
        return f"_runs/{self.folder}{self.run}/{attempt}/published.json"

    def processed(self, attempt: str, number: int) -> str:
        """The key of a list of files that can be taken out of the landing prefix."""
        return self._document(attempt, "processed", number)

    def measured(self, attempt: str) -> str:
        """The key of what says that the run was measured."""
        return f"_runs/{self.folder}{self.run}/{attempt}/measured.json"

    def _document(self, attempt: str, kind: str, number: int) -> str:
        return f"_runs/{self.folder}{self.run}/{attempt}/{kind}/{number:04}.json"


def safe_name(text: str) -> str:
    """`text` with only what any path, URL and SQL string takes as it is."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)
