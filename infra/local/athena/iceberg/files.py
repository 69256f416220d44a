"""The metadata files of a table, read and written by pyiceberg in the caller's name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream

from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.objects import read_error, split_uri
from infra.local.athena.results import upload_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectIO(FileIO):
    """pyiceberg's view of S3; each file is read and written whole."""

    def __init__(self, s3: S3Client, options: Mapping[str, Any] | None = None) -> None:
        super().__init__({})
        self._s3 = s3
        self._options = options or {}
        """What PutObject is told of each object."""

    def new_input(self, location: str) -> ObjectInput:
        """A file to read."""
        return ObjectInput(self._s3, location)

    def new_output(self, location: str) -> ObjectOutput:
        """A file to write."""
        return ObjectOutput(self._s3, location, self._options)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete a file."""
        uri = location if isinstance(location, str) else location.location
        bucket, key = split_uri(uri)
        self._s3.delete_object(Bucket=bucket, Key=key)


class ObjectInput(InputFile):
    """An object, fetched when it is opened."""

    def __init__(self, s3: S3Client, location: str) -> None:
        super().__init__(location)
        self._s3 = s3

    def __len__(self) -> int:
        bucket, key = split_uri(self.location)
        return self._s3.head_object(Bucket=bucket, Key=key)["ContentLength"]

    def exists(self) -> bool:
        """Whether the object exists."""
        bucket, key = split_uri(self.location)
        return "Contents" in self._s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002 - pyiceberg's signature
        """The content.

        Raises:
            QueryError: the caller may not read it, or it is gone.
        """
        try:
            bucket, key = split_uri(self.location)
            return io.BytesIO(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            raise read_error(error, self.location) from error
        except ValueError as error:
            raise invalid_metadata(str(error)) from error


class ObjectOutput(OutputFile):
    """An object to be made; it appears when its stream is closed without an error."""

    def __init__(self, s3: S3Client, location: str, options: Mapping[str, Any]) -> None:
        super().__init__(location)
        self._s3 = s3
        self._options = options

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        """Whether the object exists."""
        return self.to_input_file().exists()

    def to_input_file(self) -> ObjectInput:
        """The same object, to read."""
        return ObjectInput(self._s3, self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        """A stream to write; its names are unique, so that without `overwrite` none is replaced."""
        only_new = {} if overwrite else {"IfNoneMatch": "*"}
        return _Upload(self._s3, self.location, {**self._options, **only_new})


class _Upload(io.BytesIO):
    def __init__(self, s3: S3Client, location: str, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._s3, self._location, self._options = s3, location, options

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            super().close()

    def close(self) -> None:
        if not self.closed:
            bucket, key = split_uri(self._location)
            try:
                self._s3.put_object(Bucket=bucket, Key=key, Body=self.getvalue(), **self._options)
            except ClientError as error:
                raise upload_error(self._location, error) from error
        super().close()


def invalid_metadata(message: str) -> QueryError:
    """The metadata of a table is not what Iceberg writes."""
    return QueryError("ICEBERG_INVALID_METADATA", message, error_type=ErrorType.DATA)
