"""Reconversion: quarantined records converted again, apart from the files that they came from."""

from __future__ import annotations

import io
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from lake.convert import BatchConverter, FileRefused, SourceFile
from lake.convert.conversion import Unreadable
from lake.dataset.encoding import read_encoding
from lake.pipeline.documents import FileOutcome, LandedFile, Part, Plan
from lake.pipeline.lake import Lake
from lake.pipeline.loose import as_line, header_line, loose, needs_header
from lake.pipeline.parts import upload
from lake.pipeline.quarantined import Record, ReplayOrder
from lake.pipeline.staged import Staged

log = logging.getLogger(__name__)

type Lines = list[tuple[Record, bytes]]
"""Records, each as a line of a loose file."""


class Reconversion:
    """What became of loose records."""

    def __init__(self, lake: Lake, plan: Plan, folder: Path) -> None:
        self.good: dict[str, list[Record]] = {}
        """By source key, the records that became rows."""
        self.parts: tuple[Part, ...] = ()
        self._lake = lake
        self._plan = plan
        self._folder = folder
        self._conversion = f"replay-{uuid.uuid4().hex[:12]}"
        self._rows: dict[str, int] = defaultdict(int)

    @property
    def staged(self) -> Staged:
        """The rows, for Athena."""
        run = self._lake.places.run(self._plan.run_id).run
        staged = Staged(self._lake, run, [self._conversion] if self.parts else [], self.parts)
        staged.ensure()
        return staged

    def add(self, order: ReplayOrder, records: Iterable[Record]) -> None:
        """Convert them, a file's together, and upload the parts."""
        lake, plan = self._lake, self._plan
        by_file: dict[tuple[str, str, str | None], list[Record]] = defaultdict(list)
        for record in records:
            row = record.row
            by_file[row["source_key"], row["source_version"], row["member"]].append(record)
        # A first pass tells the good ones, a second one writes them and nothing else.
        chosen: list[tuple[str, bytes, Lines]] = []
        for (key, version, member), found in by_file.items():
            lines = self._lines(order, found)
            header = self._header(key, version, member) if lines else None
            if header is not None and (good := self._good(key, header, lines)):
                chosen.append((key, header, good))
        converter = self._converter(self._folder / "rows")
        with converter:
            for key, header, lines in chosen:
                self._rows[key] += self._convert(converter, key, header, lines)
                self.good.setdefault(key, []).extend(record for record, _ in lines)
        place = f"{lake.places.run(plan.run_id).staged}{self._conversion}/"
        self.parts = upload(lake, lake.rows, place, self._folder / "rows", converter.parts)

    def outcome(self, key: str, records: Sequence[Record]) -> FileOutcome:
        """What the ledger says of one file's replayed records."""
        row = records[0].row
        return FileOutcome(
            file=LandedFile(
                key=key,
                object_key=self._lake.places.archived(key),
                version_id=row["source_version"],
                etag="",
                size_bytes=sum(record.row["length_bytes"] for record in records),
                landed_at=self._plan.started_at,
            ),
            state="loaded",
            records=len(records),
            rows=self._rows[key],
        )

    def _lines(self, order: ReplayOrder, records: Iterable[Record]) -> Lines:
        """The records that the order names, as lines; those without a line number all or none."""
        encoding = read_encoding(self._lake.data_set.layout.encoding)
        contents = [(record, record.content(order, encoding)) for record in records]
        kept = {record.identity for record, content in contents if content is None}
        return [
            (record, as_line(self._lake.data_set, content))
            for record, content in contents
            if content is not None and record.identity not in kept
        ]

    def _header(self, key: str, version: str, member: str | None) -> bytes | None:
        """The header that the records need; None, with a warning, where it is not to be had."""
        if not needs_header(self._lake.data_set):
            return b""
        file = self._lake.store.find_landed(key, version) or self._lake.store.find_landed(
            self._lake.places.archived(key)
        )
        try:
            if file is None:
                raise LookupError("its original is gone")
            return header_line(self._lake, file, member)
        except (LookupError, Unreadable) as error:
            log.warning("records of %s cannot be replayed: %s", key, error)
            return None

    def _good(self, key: str, header: bytes, lines: Lines) -> Lines:
        """Those that become rows; of what the quarantine takes for one record, all do."""
        import pyarrow.parquet as pq  # noqa: PLC0415  # 40 MB, wanted where there is something bad

        folder = self._folder / f"tried-{uuid.uuid4().hex}"
        with self._converter(folder) as converter:
            try:
                self._convert(converter, key, header, lines)
            except FileRefused as refused:
                log.info("no record of %s is good: %s", key, refused)
                return []
        offsets = {
            row["byte_offset"]
            for part in converter.rejects
            for row in pq.read_table(folder / part.path, columns=["byte_offset"]).to_pylist()
        }
        good, bad, offset = [], set(), len(header)
        for record, line in lines:
            if offset in offsets:
                bad.add(record.identity)
            good.append((record, line))
            offset += len(line)
        return [(record, line) for record, line in good if record.identity not in bad]

    def _convert(
        self,
        converter: BatchConverter,
        key: str,
        header: bytes,
        lines: Lines,
    ) -> int:
        content = header + b"".join(line for _, line in lines)
        source = SourceFile(key=key, version_id="", size_bytes=len(content))
        return converter.add(io.BytesIO(content), source).counts.rows

    def _converter(self, folder: Path) -> BatchConverter:
        return BatchConverter(
            loose(self._lake.data_set),
            folder,
            run_id=self._plan.run_id,
            field_ids=self._plan.field_ids,
            rejects_field_ids=self._plan.quarantine_field_ids,
        )
