"""Athena converts one file: counts it, then writes its rows and its rejects."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import batched
from typing import Any, Protocol

from lake.convert import Conversion, Counts
from lake.dataset import DataSet
from lake.engines import parts
from lake.engines.documents import EngineConversion, LandedObject, NotForThisEngine
from lake.engines.ends import FileEnds, read_ends, require_version
from lake.engines.facts import Measures, Trailer, facts_of
from lake.engines.sql.formats import FileReading, reading_of
from lake.engines.sql.rules import CONTROL, reason_and_column
from lake.engines.sql.statements import (
    MOST_PARTITIONS,
    MOST_STATEMENT_BYTES,
    FileStatements,
    Partition,
    create_lines_table,
    drop_table,
)
from lake.tables import Part, Warehouse


class Queries(Protocol):
    """A database of Athena that answers statements."""

    def query(self, sql: str) -> Sequence[Mapping[str, str | None]]:
        """Run a statement to its end; the rows of a SELECT, each value as text.

        Raises:
            RuntimeError: it failed.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """What Athena read."""

    verdicts: Mapping[str, int]
    """Lines by verdict, without the good ones."""
    partitions: Mapping[Partition, int]
    """Good lines by partition."""
    characters: int
    measures: Measures

    @property
    def rows(self) -> int:
        return sum(self.partitions.values())

    @property
    def control(self) -> Mapping[str, int]:
        """Control records by kind."""
        labels = {reason_and_column(verdict): n for verdict, n in self.verdicts.items()}
        return {kind or "": n for (reason, kind), n in labels.items() if reason == CONTROL}

    def counts(self) -> Counts:
        reasons: Counter[str] = Counter()
        for verdict, lines in self.verdicts.items():
            reason, _ = reason_and_column(verdict)
            if reason != CONTROL:
                reasons[reason] += lines
        control, rejected = sum(self.control.values()), reasons.total()
        return Counts(
            lines=self.rows + rejected + control,
            rows=self.rows,
            rejected=rejected,
            control=control,
            reasons=dict(reasons),
        )


@dataclass(frozen=True, kw_only=True)
class AthenaEngine:
    """Athena over one environment's buckets."""

    athena: Queries
    """In the database that temporary tables are made in."""
    warehouse: Warehouse
    """The bucket that parts are written to."""

    def convert(
        self, data_set: DataSet, file: LandedObject, *, rows: str, rejects: str, run_id: str
    ) -> EngineConversion:
        """Convert a file to Parquet objects; may run again after a failure.

        Args:
            data_set: what the file should hold.
            file: an uncompressed object.
            rows: the prefix of the rows in the warehouse's bucket, this conversion's own, which is
                emptied first; ends in a slash.
            rejects: likewise, of the rejected records.
            run_id: what rejects are marked with.

        Raises:
            FileRefused: the file is empty, or has no readable header.
            NotForThisEngine: only a worker, or Spark, can tell what becomes of it.
            ObjectChanged: it is another object by now.
        """
        ends = read_ends(self.warehouse.s3, file)
        reading = reading_of(data_set, ends)
        table = temporary_table(rows)
        statements = FileStatements(
            rules=reading.rules, table=table, file=file, partitions=data_set.partitions
        )
        for prefix in (rows, rejects):
            parts.clear(self.warehouse, prefix)
        self.athena.query(drop_table(table))
        self.athena.query(create_lines_table(table, location=f"{file.uri.rpartition('/')[0]}/"))
        try:
            counted = _counted(statements, self.athena.query(_checked(statements.counts())))
            _reconcile(counted, file, ends, reading)
            written = self._rows(statements, counted, rows)
            quarantined = self._rejects(statements, counted, rejects, run_id)
        finally:
            self.athena.query(drop_table(table))
        require_version(self.warehouse.s3, file)
        counts = counted.counts()
        conversion = Conversion(
            counts=counts,
            size_bytes=file.size_bytes,
            sha256=content_hash(file),
            facts=_facts(data_set, reading, counts, counted.measures),
        )
        return EngineConversion(conversion=conversion, parts=written, rejects=quarantined)

    def _rows(self, statements: FileStatements, counted: _Counted, prefix: str) -> tuple[Part, ...]:
        """At most `MOST_PARTITIONS` partitions at a time, each time to a folder of its own."""
        chunks = list(batched(sorted(counted.partitions), MOST_PARTITIONS))
        for number, chunk in enumerate(chunks):
            location = f"s3://{self.warehouse.bucket}/{prefix}{number:04}/"
            some = chunk if len(chunks) > 1 else None
            self.athena.query(_checked(statements.unload_rows(location, partitions=some)))
        folders = dict(zip(statements.partition_names, statements.partitions, strict=True))
        source_key = statements.file.source_key
        written = parts.written_parts(
            self.warehouse, prefix, folders=folders, source_key=source_key
        )
        found: Counter[Partition] = Counter()
        for part in written:
            found[part.partition_values] += part.rows
        if found != counted.partitions:
            raise RuntimeError(f"Athena wrote {found} of the rows {counted.partitions}")
        return written

    def _rejects(
        self, statements: FileStatements, counted: _Counted, prefix: str, run_id: str
    ) -> tuple[Part, ...]:
        rejected = counted.counts().rejected
        if not rejected:
            return ()
        location = f"s3://{self.warehouse.bucket}/{prefix}"
        self.athena.query(_checked(statements.unload_rejects(location, run_id=run_id)))
        source_key = statements.file.source_key
        written = parts.written_parts(self.warehouse, prefix, folders={}, source_key=source_key)
        if (found := sum(part.rows for part in written)) != rejected:
            raise RuntimeError(f"Athena wrote {found} of {rejected} rejected records")
        return written


def temporary_table(prefix: str) -> str:
    """The name of a conversion's table of lines: the same again when it runs again.

    The execution role may drop tables of the prefix alone.
    """
    return f"temporary_{hashlib.sha256(prefix.encode()).hexdigest()[:16]}"


def content_hash(file: LandedObject) -> str:
    """What stands for the content's hash, which an engine does not give: that of its ETag.

    The same content has it again unless KMS encrypts the bucket; then it counts as new content.
    """
    return hashlib.sha256(f"{file.etag} {file.size_bytes}".encode()).hexdigest()


def _counted(statements: FileStatements, answer: Sequence[Mapping[str, str | None]]) -> _Counted:
    verdicts: Counter[str] = Counter()
    partitions: dict[Partition, int] = {}
    characters = 0
    measures: dict[tuple[str, str], Decimal] = dict.fromkeys(
        (measure.name for measure in statements.rules.measures), Decimal()
    )
    if unread := sum(int(row.get("unread") or 0) for row in answer):
        raise NotForThisEngine.because_of_lines(unread)
    for row in answer:
        if row["decoded"] != "true":
            raise NotForThisEngine("Athena did not apply the encoding of the table of lines")
        if row["cut"] != "0":
            key = statements.file.source_key
            raise NotForThisEngine(f"{key} holds the byte 0x01, at which Athena cuts a line")
        lines = int(row["lines"] or 0)
        characters += int(row["characters"] or 0)
        for number, measure in enumerate(statements.rules.measures):
            measures[measure.name] += Decimal(row[f"measure_{number}"] or 0)
        if row["verdict"] is None:
            partitions[tuple(row[name] or "" for name in statements.partition_names)] = lines
        else:
            verdicts[row["verdict"]] += lines
    return _Counted(
        verdicts=verdicts, partitions=partitions, characters=characters, measures=measures
    )


def _facts(
    data_set: DataSet, reading: FileReading, counts: Counts, measures: Measures
) -> Mapping[str, Any]:
    trailer = None
    if reading.trailer is not None:
        number = counts.lines - reading.after_trailer
        trailer = Trailer(line_number=number, record=reading.trailer, after=0)
    return facts_of(
        data_set,
        lines=counts.lines,
        trailer=trailer,
        reasons=counts.reasons,
        measures=measures,
    )


def _reconcile(counted: _Counted, file: LandedObject, ends: FileEnds, reading: FileReading) -> None:
    """Every byte was read as a worker reads it, and each control record is the one it should be."""
    lines = counted.counts().lines
    terminated = lines if ends.is_terminated else lines - 1
    line_ends = file.size_bytes - counted.characters
    if line_ends != terminated * ends.line_end_bytes:
        raise NotForThisEngine(
            f"{file.source_key}: Athena read {counted.characters} bytes in {lines} lines of "
            f"{file.size_bytes} bytes: its lines do not all end with LF, or all with CRLF"
        )
    for kind, expected in reading.control.items():
        if (found := counted.control.get(kind, 0)) != expected:
            raise NotForThisEngine(
                f"{file.source_key}: {found} records are like its {kind}, of which there should be "
                f"{expected}; Athena cannot tell where in the file they stand"
            )


def _checked(sql: str) -> str:
    """A statement that is not too long.

    Raises:
        NotForThisEngine: it is.
    """
    if (size := len(sql.encode())) > MOST_STATEMENT_BYTES:
        raise NotForThisEngine(
            f"the columns make a statement of {size} bytes; Athena takes {MOST_STATEMENT_BYTES}"
        )
    return sql
