"""Iceberg's files in S3, through boto3: the credentials and endpoint of every client of the lake.

Source: https://py.iceberg.apache.org/configuration/#fileio
"""

from __future__ import annotations

import io
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

from lake.tables.objects import ObjectReader, size_of, split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLIENT = "lake.s3-client"
"""The catalog property that has the client."""


class BotoFileIO(FileIO):
    """Reads and writes `s3://` locations with the boto3 client of the catalog's properties."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._s3: S3Client = properties[CLIENT]

    def new_input(self, location: str) -> InputFile:
        """An object to read."""
        return _Input(self._s3, location)

    def new_output(self, location: str) -> OutputFile:
        """An object to write."""
        return _Output(self._s3, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete an object; one that is not there is no error."""
        uri = location if isinstance(location, str) else location.location
        bucket, key = split_uri(uri)
        self._s3.delete_object(Bucket=bucket, Key=key)


class _Input(InputFile):
    def __init__(self, s3: S3Client, location: str) -> None:
        super().__init__(location)
        self._s3 = s3

    def __len__(self) -> int:
        return size_of(self._s3, *split_uri(self.location))

    def exists(self) -> bool:
        try:
            len(self)
        except FileNotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002  # every stream seeks
        return ObjectReader(self._s3, *split_uri(self.location))


class _Output(OutputFile):
    def __init__(self, s3: S3Client, location: str) -> None:
        super().__init__(location)
        self._s3 = s3

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> InputFile:
        return _Input(self._s3, self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        return _Upload(self._s3, self.location, overwrite=overwrite)


class _Upload(io.BytesIO):
    """Metadata, which is small: held in memory and put as one object when it is closed."""

    def __init__(self, s3: S3Client, location: str, *, overwrite: bool) -> None:
        super().__init__()
        self._s3 = s3
        self._location = location
        self._overwrite = overwrite

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()

    def close(self) -> None:
        """Put the object.

        Raises:
            FileExistsError: one is there that may not be overwritten.
        """
        if self.closed:
            return
        bucket, key = split_uri(self._location)
        condition = {} if self._overwrite else {"IfNoneMatch": "*"}
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=self.getvalue(), **condition)  # type: ignore[arg-type]  # one optional argument
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "PreconditionFailed":
                raise FileExistsError(self._location) from problem
            raise
        finally:
            super().close()
