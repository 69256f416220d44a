"""Selection: the files that a run is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Protocol

from lake.pipeline.documents import Kind, LandedFile
from lake.pipeline.lake import Lake


class Selection(Protocol):
    """What a run takes of the landing bucket."""

    @property
    def kind(self) -> Kind:
        """What the run is for."""

    @property
    def replay_key(self) -> str:
        """Of a replay, where its order is in the landing bucket."""

    def files(self, lake: Lake) -> Iterator[LandedFile]:
        """The files, in any order, each key once."""


@dataclass(frozen=True)
class Landed:
    """What lies under the data set's prefix."""

    prefix: str = ""
    """Below it."""
    pattern: str = "*"
    """A shell pattern of the rest."""
    kind: Kind = "load"
    replay_key: str = ""

    def files(self, lake: Lake) -> Iterator[LandedFile]:
        """Those that also match the data set's own pattern; a folder's marker does not."""
        prefix = f"{lake.data_set.source_prefix}{self.prefix}"
        for file in lake.store.landed(prefix):
            if lake.data_set.accepts(file.key) and fnmatchcase(file.key, prefix + self.pattern):
                yield file


@dataclass(frozen=True)
class Replay:
    """No file: records of the quarantine, as an order says."""

    replay_key: str
    kind: Kind = "replay"

    def files(self, lake: Lake) -> Iterator[LandedFile]:  # noqa: ARG002  # as every selection
        """None."""
        return iter(())


@dataclass(frozen=True)
class OfDays:
    """The files of some days, in the archive and where they land."""

    first: date
    last: date
    kind: Kind = "backfill"
    replay_key: str = ""

    def files(self, lake: Lake) -> Iterator[LandedFile]:
        """Of a file that is in both places, the one that landed last."""
        for file in _archived_and_landed(lake):
            if self.first <= _day_of(lake, file) <= self.last:
                yield file


@dataclass(frozen=True)
class OfArchive:
    """The files of the archive under a prefix, whatever their day."""

    prefix: str = ""
    """Below the data set's folder of the archive."""
    pattern: str = "*"
    """A shell pattern of the rest."""
    kind: Kind = "backfill"
    replay_key: str = ""

    def files(self, lake: Lake) -> Iterator[LandedFile]:
        """Those that also match the data set's own pattern."""
        wanted = f"{lake.places.archive_prefix}{self.prefix}{self.pattern}"
        archived = lake.store.landed(
            f"{lake.places.archive_prefix}{self.prefix}", key_of=lake.places.landed
        )
        for file in archived:
            if lake.data_set.accepts(file.key) and fnmatchcase(file.object_key, wanted):
                yield file


def _archived_and_landed(lake: Lake) -> Iterator[LandedFile]:
    landed = {file.key: file for file in Landed().files(lake)}
    for file in OfArchive().files(lake):
        if file.key not in landed:
            yield file
    yield from landed.values()


def _day_of(lake: Lake, file: LandedFile) -> date:
    """The day that its key names, or else the day that it landed on."""
    named = lake.data_set.source.file_date
    return (named.day_of(file.key) if named else None) or file.landed_at.date()
