"""An object of S3 as a file that can be read anywhere, a range at a time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Buffer

    from mypy_boto3_s3 import S3Client


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


class ObjectReader(io.RawIOBase):
    """Reads an object by ranged requests: one for each read, none until the first.

    Raises:
        FileNotFoundError: by a read, where the object is not there.
    """

    def __init__(self, s3: S3Client, bucket: str, key: str, size_bytes: int | None = None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._size = size_bytes
        self._position = 0

    @property
    def size_bytes(self) -> int:
        """The object's size; asks for it where it was not given."""
        if self._size is None:
            self._size = size_of(self._s3, self._bucket, self._key)
        return self._size

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; no request, but for the size where it is counted from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        self._position = (self.size_bytes if base is None else base) + offset
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer, in one request, as far as the object goes."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self.size_bytes - self._position)
        if wanted <= 0:
            return 0
        data = self._get(f"bytes={self._position}-{self._position + wanted - 1}")
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """The rest of the object, in one request."""
        if self._size is not None and self._position >= self._size:
            return b""
        data = self._get(f"bytes={self._position}-" if self._position else "")
        self._position += len(data)
        self._size = self._position
        return data

    def _get(self, range_header: str) -> bytes:
        ranged = {"Range": range_header} if range_header else {}
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=self._key, **ranged)  # type: ignore[arg-type]  # one optional argument
        except self._s3.exceptions.NoSuchKey as error:
            raise FileNotFoundError(f"s3://{self._bucket}/{self._key}") from error
        return answer["Body"].read()


def size_of(s3: S3Client, bucket: str, key: str) -> int:
    """Bytes of an object.

    Raises:
        FileNotFoundError: it is not there.
    """
    try:
        return s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise FileNotFoundError(f"s3://{bucket}/{key}") from error
        raise
