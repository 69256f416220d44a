"""What the stages hand to each other: small JSON documents in the curated bucket."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A JSON document: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LandedFile(Document):
    """One version of one object of the landing bucket."""

    key: str
    version_id: str
    etag: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def file_id(self) -> str:
        """What the lake calls the file: 16 hexadecimal digits from its key."""
        return sha256(self.key.encode()).hexdigest()[:16]


class Plan(Document):
    """What a run does: `batches` are converted, a task each; `loaded` need only be deleted."""

    run_id: str
    batches: tuple[tuple[LandedFile, ...], ...]
    loaded: tuple[LandedFile, ...]

    @property
    def files(self) -> tuple[LandedFile, ...]:
        """Every file of the run, converted or loaded before."""
        return tuple(file for batch in self.batches for file in batch) + self.loaded


class Part(Document):
    """One Parquet object of a file: where it is, its partition, its rows."""

    key: str
    partition: dict[str, str]
    rows: int


class FileResult(Document):
    """What became of a file: converted into staged parts, or refused with a reason."""

    file: LandedFile
    state: Literal["converted", "refused"]
    reason: str = ""
    sha256: str = ""
    lines: int = 0
    rows: int = 0
    rejected: int = 0
    parts: tuple[Part, ...] = ()
    rejects_key: str | None = None


class LoadRecord(Document):
    """The durable record of a file: what the table holds of it, or why it was refused."""

    key: str
    version_id: str
    sha256: str
    state: Literal["loaded", "refused"]
    reason: str = ""
    run_id: str
    recorded_at: datetime
    lines: int = 0
    rows: int = 0
    rejected: int = 0
    parts: tuple[Part, ...] = ()
    rejects_key: str | None = None


class Published(Document):
    """What a run published: the records written, and the refused files with their reasons."""

    loaded: tuple[LoadRecord, ...]
    refused: dict[str, str]
