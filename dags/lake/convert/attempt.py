"""The conversion of one source, which may still be refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from lake.convert.arrow import copied
from lake.convert.contents import contents
from lake.convert.conversion import Conversion, Counts, FileRefused, Unreadable
from lake.convert.partitions import PartitionedTable
from lake.convert.reader import Reader
from lake.convert.readers import reader_class
from lake.convert.rejects import Rejects, RejectsFile
from lake.convert.source import Landed, Source, SourceFile, Stream
from lake.dataset import DataSet
from lake.dataset.encoding import read_encoding

SHARED_BYTES = 8 << 20
"""A file with more than this of rows has parts of its own."""


class Attempt:
    """Reads one source; holds its rows, or writes them to parts of its own where they are many."""

    def __init__(
        self,
        dataset: DataSet,
        source: SourceFile,
        *,
        folder: Path,
        table: PartitionedTable,
        rejects_file: RejectsFile,
        run_id: str,
    ) -> None:
        self.source = source
        self.held: list[pa.RecordBatch] = []
        """The rows, where they are few."""
        self.table = table
        """Otherwise their parts, and of a range always."""
        self.rejects_file = rejects_file
        self._dataset = dataset
        self._folder = folder
        self._readers: list[Reader] = []
        self._members: list[str | None] = []
        self._rows = self._held_bytes = 0
        self._most_held_bytes = -1 if source.is_range else SHARED_BYTES
        encoding = read_encoding(dataset.layout.encoding)
        self._rejects = Rejects(rejects_file, source, run_id=run_id, encoding=encoding)

    def convert(self, stream: Stream) -> Conversion:
        """Read it all.

        Raises:
            FileRefused: it is no file of the data set.
        """
        landed = Landed(stream, self.source)
        problem = None
        try:
            texts = contents(landed, self.source, self._dataset, folder=self._folder)
            for member, text in texts:
                self._read(text, member)
            landed.reconcile()
            self._reconcile()
        except Unreadable as error:
            problem = str(error)
        counts = self._counts()
        if not (problem or self.source.is_range):
            problem = refusal(counts, self._dataset.max_bad_ratio)
        if problem:
            raise FileRefused(problem, counts)
        return Conversion(
            counts=counts,
            size_bytes=landed.size_bytes,
            sha256=landed.sha256,
            facts=self._readers[-1].facts,
        )

    def discard(self) -> None:
        """Remove what was written."""
        self.table.discard()
        self.rejects_file.discard()

    def _read(self, text: Source, member: str | None) -> None:
        self._rejects.begin(text, member)
        reader = reader_class(self._dataset)(self._dataset, self._rejects)
        self._readers.append(reader)
        self._members.append(member)
        with _named(member):
            for batch in reader.batches(text):
                self._write(batch, is_overwritten=reader.overwrites_batches)

    def _reconcile(self) -> None:
        if self.source.is_range:
            return
        for reader, member in zip(self._readers, self._members, strict=True):
            with _named(member):
                reader.reconcile()

    def _write(self, batch: pa.RecordBatch, *, is_overwritten: bool) -> None:
        self._rows += batch.num_rows
        if not self.table.rows and self._held_bytes + batch.nbytes <= self._most_held_bytes:
            self.held.append(copied(batch) if is_overwritten else batch)
            self._held_bytes += batch.nbytes
            return
        for held in self.held:
            self.table.write(held, self.source.key, is_overwritten=False)
        self.held.clear()
        self.table.write(batch, self.source.key, is_overwritten=is_overwritten)

    def _counts(self) -> Counts:
        return Counts(
            lines=sum(reader.lines for reader in self._readers),
            rows=self._rows,
            rejected=self._rejects.count,
            control=sum(reader.control for reader in self._readers),
            reasons=dict(self._rejects.reasons),
            expanded=sum(reader.expanded for reader in self._readers),
        )


@contextmanager
def _named(member: str | None) -> Iterator[None]:
    """Name the member of a zip in what is wrong with it."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(f"{member}: {error}" if member else str(error)) from error


def refusal(counts: Counts, max_bad_ratio: float) -> str | None:
    """Why these counts are no file of the data set; None where they are."""
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(counts.reasons.items()))
    if not counts.rows:
        return f"no record of the layout in {counts.lines} lines ({reasons or 'none rejected'})"
    if counts.bad_ratio > max_bad_ratio:
        return (
            f"{counts.rejected} of {counts.lines - counts.control} records are bad ({reasons}): "
            f"a ratio of {counts.bad_ratio:.6f}, over max_bad_ratio {max_bad_ratio}"
        )
    return None
