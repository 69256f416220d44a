"""The content of ministack's objects: read from its file as it is needed, never held whole.

As it is, ministack reads a whole object into memory for each range of it. Here what is larger than
a piece is a mapping of its file: it has a length, slices and a buffer as bytes have, and takes no
memory of its own. A file is replaced, never written again, so that a mapping keeps its content and
a copy of an object is a second link to the same file.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Self

_responses: Any = import_module("ministack.core.responses")
_s3: Any = import_module("ministack.services.s3")

PIECE_BYTES = 1 << 20
"""What is no larger is read into memory."""

type Content = bytes | FileContent
type Send = Callable[[dict[str, Any]], Awaitable[None]]


class FileContent(mmap.mmap):
    """The content of a file that is larger than a piece."""

    path: Path
    inode: int

    @classmethod
    def of(cls, path: Path) -> bytes | Self:
        """The content of the file at `path`; bytes where it is small.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size <= PIECE_BYTES:
                return file.read()
            content = cls(file.fileno(), 0, access=mmap.ACCESS_READ)
        content.path, content.inode = path, status.st_ino
        return content

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            if stop - start > PIECE_BYTES:
                return memoryview(self)[place]
        return super().__getitem__(place)

    def link(self, to: Path) -> bool:
        """Make `to` a second link to the file; False when the file is another by now.

        The time of its change is set to now: that is how an interrupted write is noticed.
        """
        to.unlink(missing_ok=True)
        try:
            os.link(self.path, to)
        except OSError:
            return False
        os.utime(to)
        return to.stat().st_ino == self.inode


def keep_contents_in_files() -> None:
    """Let S3 read and copy large objects by their files."""
    read_body, version_body, write = _s3._read_body, _s3._version_body, _s3._atomic_write

    def read(bucket: str, key: str, record: dict[str, Any]) -> Content:
        path = _s3._object_disk_path(bucket, key)
        if record.get("body") is not None or path is None or not Path(path).is_file():
            content: bytes = read_body(bucket, key, record)
            return content
        return FileContent.of(Path(path))

    def read_version(
        bucket: dict[str, Any], bucket_name: str, key: str, version: dict[str, Any]
    ) -> Content | None:
        path = _s3._version_disk_path(bucket_name, key, version["version_id"])
        if version.get("data") is not None or path is None or not Path(path).is_file():
            content: bytes | None = version_body(bucket, bucket_name, key, version)
            return content
        return FileContent.of(Path(path))

    def write_or_link(path: str, data: Any, *, text: bool = False) -> None:
        temporary = Path(f"{path}.tmp")
        if not isinstance(data, FileContent) or not data.link(temporary):
            write(path, data, text=text)
            return
        temporary.replace(path)
        temporary.unlink(missing_ok=True)  # there still when both were links to one file

    _s3._read_body, _s3._version_body, _s3._atomic_write = read, read_version, write_or_link


def is_large(body: object) -> bool:
    """Whether the body of an answer is a mapping, or a part of one."""
    return isinstance(body, FileContent | memoryview)


def streamed(body: FileContent | memoryview) -> Any:
    """The body of an answer that is sent a piece at a time."""

    async def run(send: Send, _receive: Any) -> None:
        async for piece in _pieces(body):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return _responses.StreamingResponse(run)


async def _pieces(body: FileContent | memoryview) -> AsyncIterator[bytes]:
    view = memoryview(body)
    for start in range(0, len(view), PIECE_BYTES):
        yield bytes(view[start : start + PIECE_BYTES])
