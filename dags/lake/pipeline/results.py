"""What conversions leave to the audit, and the audit to the publication."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from lake.convert import Conversion, Counts
from lake.engines.limits import Engine
from lake.pipeline.documents import Document, FileOutcome, FileRange, Part


class RangeResult(Document):
    """What became of a file, or of a byte range of one."""

    range: FileRange
    reason: str = ""
    """Why it was refused; empty where it was converted."""
    counts: Counts
    size_bytes: int = 0
    sha256: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    engine: Engine = "worker"
    seconds: float = 0.0

    @classmethod
    def converted(
        cls, each: FileRange, made: Conversion, *, seconds: float, engine: Engine = "worker"
    ) -> Self:
        """Of a conversion."""
        return cls(
            range=each,
            counts=made.counts,
            size_bytes=made.size_bytes,
            sha256=made.sha256,
            facts=dict(made.facts),
            engine=engine,
            seconds=seconds,
        )

    @property
    def conversion(self) -> Conversion:
        """As `lake.convert.reconcile` takes it."""
        return Conversion(
            counts=self.counts, size_bytes=self.size_bytes, sha256=self.sha256, facts=self.facts
        )


class BatchResult(Document):
    """What one task converted."""

    conversion: str
    """The folder of this try, below the run's."""
    results: tuple[RangeResult, ...]
    parts: tuple[Part, ...] = ()
    rejects: tuple[Part, ...] = ()


class Audit(Document):
    """What of a run can be published."""

    change: int
    """The last change of the tables that the files were compared with."""
    files: tuple[FileOutcome, ...]
    """`loaded` where nothing speaks against it."""
    converted: tuple[str, ...]
    """The source keys of which there may be rows in the parts."""
    parts: tuple[Part, ...]
    """Of rows; rows of other files than the loaded ones may be among them."""
    rejects: tuple[Part, ...]
    """Likewise of quarantined records."""
