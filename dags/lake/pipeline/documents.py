"""What the stages hand to each other: small JSON documents in the curated bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from lake.engines.limits import Engine
from lake.tables.documents import Document, Part, PartChanges

Kind = Literal["load", "backfill", "replay", "maintenance"]
"""What a run is for."""


class LandedFile(Document):
    """One version of one object of the landing bucket."""

    key: str
    """The key that it landed under: the `source_key` of its rows, also where it is archived."""
    object_key: str
    """Where it is: `key`, or its place in the archive."""
    version_id: str
    etag: str
    size_bytes: int
    landed_at: datetime

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rsplit("/", 1)[-1]


class FileRange(Document):
    """The bytes of a file that one task converts: all of them, or those of a range."""

    file: LandedFile
    start: int = 0
    end: int | None = None
    """The first byte behind the range; None for the file's end."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the file."""
        return self.start == 0 and self.end is None

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return (self.file.size_bytes if self.end is None else self.end) - self.start


class Batch(Document):
    """What one mapped task converts."""

    number: int
    label: str
    engine: Engine = "worker"
    ranges: tuple[FileRange, ...]


class Plan(Document):
    """What a run does; its batches are documents of their own."""

    run_id: str
    kind: Kind
    attempt: str
    """Of this planning: a run that is planned again writes its documents elsewhere."""
    started_at: datetime
    change: int = 0
    """The last change of the tables before the run's own."""
    files: int = 0
    """How many there are, loaded before or not."""
    labels: tuple[str, ...] = ()
    """Of the batches, by number."""
    spark_batch: int | None = None
    """The one that Spark converts; None without."""
    loaded: tuple[LandedFile, ...] = ()
    """Files that an earlier run loaded: there is nothing to do but to take them away."""
    field_ids: dict[str, int] = Field(default_factory=dict)
    """Iceberg's, of the table's columns."""
    quarantine_field_ids: dict[str, int] = Field(default_factory=dict)
    replay_key: str = ""
    """Of a replay: its order, in the landing bucket."""


class Tally(Document):
    """Where the records of a file went; one that becomes several rows is one record."""

    records: int = 0
    rows: int = 0
    quarantined: int = 0
    control: int = 0


class FileOutcome(Tally):
    """What became of a file in a run."""

    file: LandedFile
    sha256: str = ""
    state: Literal["loaded", "unchanged", "refused"]
    """`unchanged`: the table holds this content already."""
    reason: str = ""
    """Why it was refused."""
    engine: Engine = "worker"
    """What converted it."""
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """The key that it landed under."""
        return self.file.key


class FileEntry(Document):
    """What the file index knows of a file that the table holds."""

    version_id: str
    sha256: str
    definition: str
    """Of the data set file that it was converted with: `definition_of`."""
    change: int
    run_id: str
    rows: int
    quarantined: int


class RunRecord(Document):
    """What a run did, as the ledger keeps it."""

    run_id: str
    kind: Kind
    started_at: datetime
    ended_at: datetime
    files: tuple[FileOutcome, ...] = ()


class Commit(Document):
    """One change of a data set's tables, as the change log holds it: written once, then applied."""

    number: int
    commit_id: str
    """Tells a commit from another writer's of the same number."""
    run: RunRecord
    rows: PartChanges = PartChanges()
    quarantine: PartChanges = PartChanges()
    index: dict[str, FileEntry] = Field(default_factory=dict)
    """What the file index says of each of the run's files from now on."""


class Published(Document):
    """What a run published."""

    change: int | None
    """Its number; None where there was nothing to change."""
    files: tuple[FileOutcome, ...]


class Processed(Document):
    """Files that can be taken out of the landing prefix."""

    files: tuple[LandedFile, ...]


__all__ = [
    "Batch",
    "Commit",
    "Document",
    "FileEntry",
    "FileOutcome",
    "FileRange",
    "Kind",
    "LandedFile",
    "Part",
    "PartChanges",
    "Plan",
    "Processed",
    "Published",
    "RunRecord",
    "Tally",
]
