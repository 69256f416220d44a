"""What an engine is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lake.convert import Conversion
from lake.tables import Part


@dataclass(frozen=True, kw_only=True)
class LandedObject:
    """One version of an object that holds a file of a data set."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size_bytes: int
    source_key: str
    """What its rows are marked with: the key that it landed under."""

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class EngineConversion:
    """A file that an engine converted.

    As with the ranges of a file, whether it is one of the data set (its trailer, its share of bad
    records) is for `lake.convert.reconcile` to say.
    """

    conversion: Conversion
    parts: tuple[Part, ...]
    """Of its rows, each of one partition."""
    rejects: tuple[Part, ...]
    """Of its rejected records, as the quarantine has them."""


class NotForThisEngine(Exception):
    """The engine cannot tell what a worker would make of the file; the message says why.

    Nothing is wrong with the file: a worker converts it.
    """

    @classmethod
    def because_of_lines(cls, count: int) -> Self:
        """Of lines that are `unread`, as `Rules` says."""
        return cls(
            f"{count} lines may not be records as they are: they have an escape, a quote that they "
            "do not close, or one field, as a line that is cut at a carriage return"
        )


class ObjectChanged(RuntimeError):
    """Another version was uploaded while the engine read the object."""
