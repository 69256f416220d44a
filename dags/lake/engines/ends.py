"""The first and the last bytes of a file, which say what an engine without line numbers cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lake.engines.documents import LandedObject, ObjectChanged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

END_BYTES = 1 << 16
"""Read of each end: more than the longest record."""
UTF8_MARK = b"\xef\xbb\xbf"

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
    def has_utf8_mark(self) -> bool:
        """Whether the file begins with the byte order mark of UTF-8."""
        return self.head.startswith(UTF8_MARK)

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
    def end_mark_bytes(self) -> int:
        """The length of DOS's end-of-file mark, a last line of 0x1A alone; 0 without one."""
        last = self.tail.rpartition(b"\n")[2].removesuffix(b"\r")
        return len(last) if last and not last.strip(_END_OF_FILE_MARK) else 0

    @property
    def last_line(self) -> bytes:
        """Without its line end; the one before the end-of-file mark."""
        lines = self.tail
        if self.end_mark_bytes:
            lines = lines.rpartition(b"\n")[0] + b"\n"
        lines = lines.removesuffix(b"\n")
        return lines.rpartition(b"\n")[2].removesuffix(b"\r")


def require_version(s3: S3Client, file: LandedObject) -> None:
    """An engine reads an object's current version: it has to be this one.

    Raises:
        ObjectChanged: it is not.
    """
    current = s3.head_object(Bucket=file.bucket, Key=file.key)
    if (current.get("VersionId"), current["ETag"]) != (file.version_id, file.etag):
        raise ObjectChanged(f"{file.uri} has another version than {file.version_id} by now")
