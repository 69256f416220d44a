"""The first and the last bytes of a file, which say what an engine without line numbers cannot."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lake.convert import Counts, FileRefused
from lake.convert.compression import compression_of
from lake.engines.documents import LandedObject, NotForThisEngine, ObjectChanged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

END_BYTES = 1 << 16
"""Read of each end: more than the longest record."""

_END_OF_FILE_MARK = b"\x1a"


@dataclass(frozen=True, kw_only=True)
class FileEnds:
    """A file's first and last `END_BYTES` bytes, which are the same ones in a small file."""

    head: bytes
    tail: bytes

    @classmethod
    def read(cls, s3: S3Client, file: LandedObject) -> FileEnds:
        """Two requests for an object that is not empty."""

        def get(start: int) -> bytes:
            answer = s3.get_object(
                Bucket=file.bucket,
                Key=file.key,
                VersionId=file.version_id,
                Range=f"bytes={start}-{start + END_BYTES - 1}",
            )
            return answer["Body"].read()

        return cls(head=get(0), tail=get(max(0, file.size_bytes - END_BYTES)))

    @property
    def is_whole(self) -> bool:
        """Whether the head is known to be all of the file."""
        return len(self.head) < END_BYTES

    @property
    def first_line(self) -> bytes:
        """Without its line end; cut where it is longer than `END_BYTES`."""
        line, end, _ = self.head.partition(b"\n")
        return line.removesuffix(b"\r") if end else line

    @property
    def is_terminated(self) -> bool:
        """Whether a line end follows the last line."""
        return self.tail.endswith((b"\n", b"\r"))

    @property
    def line_end_bytes(self) -> int:
        """2 where the first line that has an end ends with CRLF, else 1."""
        for end in (self.head, self.tail):
            line, found, _ = end.partition(b"\n")
            if found:
                return 2 if line.endswith(b"\r") else 1
        return 1

    @property
    def end_mark_bytes(self) -> int:
        """The length of DOS's end-of-file mark, a last line of 0x1A alone; 0 without one."""
        last = self.tail.rpartition(b"\n")[2].removesuffix(b"\r")
        return len(last) if last and not last.strip(_END_OF_FILE_MARK) else 0

    @property
    def last_record(self) -> tuple[bytes, int]:
        """The last line that holds something, and how many lines there are after it.

        Empty lines and the end-of-file mark hold nothing.
        """
        lines = self.tail.split(b"\n")
        if not lines[-1]:
            lines.pop()
        after = 0
        while len(lines) > 1 and self._is_empty(lines[-1], is_last=not after):
            lines.pop()
            after += 1
        return lines[-1].removesuffix(b"\r") if lines else b"", after

    def _is_empty(self, line: bytes, *, is_last: bool) -> bool:
        text = line.removesuffix(b"\r")
        return not text or (is_last and bool(self.end_mark_bytes))


def require_plain(file: LandedObject, head: bytes) -> None:
    """Engines read bytes as they are, of objects that are not hidden.

    Raises:
        NotForThisEngine: the file is compressed, begins with a byte order mark, or has a name that
            engines pass over.
    """
    name = file.key.rpartition("/")[2]
    if name.startswith(("_", ".")):
        raise NotForThisEngine(
            f"{file.source_key}: engines pass over names that begin with {name[0]}"
        )
    if (compression := compression_of(head)) != "none":
        raise NotForThisEngine(
            f"{file.source_key} is compressed ({compression}); a worker reads it"
        )
    if head.startswith(codecs.BOM_UTF8):
        raise NotForThisEngine(f"{file.source_key} begins with a byte order mark")


def read_ends(s3: S3Client, file: LandedObject) -> FileEnds:
    """The ends of a file that engines can read.

    Raises:
        FileRefused: it is empty.
        NotForThisEngine: as `require_plain`.
        ObjectChanged: it is another object by now.
    """
    require_version(s3, file)
    if not file.size_bytes:
        nothing = Counts(lines=0, rows=0, rejected=0, control=0, reasons={})
        raise FileRefused("the file is empty", nothing)
    ends = FileEnds.read(s3, file)
    require_plain(file, ends.head)
    return ends


def require_version(s3: S3Client, file: LandedObject) -> None:
    """An engine reads an object's current version: it has to be this one.

    Raises:
        ObjectChanged: it is not.
    """
    current = s3.head_object(Bucket=file.bucket, Key=file.key)
    if (current.get("VersionId"), current["ETag"]) != (file.version_id, file.etag):
        raise ObjectChanged(f"{file.uri} has another version than {file.version_id} by now")
