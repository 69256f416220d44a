"""Results in S3: written as clients of Athena expect them, read back in pages.

SELECT leaves `<id>.csv`, every value quoted and NULL empty without quotes; DDL leaves `<id>.txt`;
what writes data leaves `<id>-manifest.csv`, an address a line. Nothing of a result is kept here.
Source: https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.athena.errors import ErrorType, QueryError, RequestError
from infra.local.athena.journal import Outcome
from infra.local.athena.objects import split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Row = list[str | None]


def write_options(configuration: dict[str, Any]) -> dict[str, Any]:
    """What PutObject is told, from a `ResultConfiguration` of the API."""
    options: dict[str, Any] = {}
    encryption = configuration.get("EncryptionConfiguration") or {}
    if encryption.get("EncryptionOption") == "SSE_S3":
        options["ServerSideEncryption"] = "AES256"
    elif encryption.get("EncryptionOption") == "SSE_KMS":
        options["ServerSideEncryption"] = "aws:kms"
        if encryption.get("KmsKey"):
            options["SSEKMSKeyId"] = encryption["KmsKey"]
    if owner := configuration.get("ExpectedBucketOwner"):
        options["ExpectedBucketOwner"] = owner
    if acl := configuration.get("AclConfiguration"):
        options["ACL"] = acl["S3AclOption"].lower().replace("_", "-")
    return options


class ResultStore:
    """Where one query's objects go, written in its caller's name."""

    def __init__(self, s3: S3Client, configuration: dict[str, Any]) -> None:
        self._s3 = s3
        self.options = write_options(configuration)
        """What PutObject is told of each object: its encryption, its owner."""

    def put(self, uri: str, body: bytes) -> None:
        """Write a small object.

        Raises:
            QueryError: the caller may not write there.
        """
        bucket, key = split_uri(uri)
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, **self.options)
        except ClientError as error:
            raise upload_error(uri, error) from error

    def upload(self, uri: str, path: Path) -> None:
        """Write a file, in parts where it is large.

        Raises:
            QueryError: the caller may not write there.
        """
        bucket, key = split_uri(uri)
        try:
            with path.open("rb") as file:
                self._s3.upload_fileobj(file, bucket, key, ExtraArgs=self.options)
        except ClientError as error:
            raise upload_error(uri, error) from error


def upload_error(uri: str, error: ClientError) -> QueryError:
    """A refusal by S3 to take an object as the failure of a query."""
    message = error.response["Error"].get("Message") or error.response["Error"]["Code"]
    return QueryError(
        "",
        f"Unable to write the query's output to {uri}: {message}",
        error_type=ErrorType.RESULT_UPLOAD,
    )


def check_output(s3: S3Client, location: str) -> None:
    """Refuse a query whose result could not be written, before it starts.

    Raises:
        RequestError: there is no such bucket, or the caller may not see it.
    """
    bucket, _ = split_uri(location)
    try:
        s3.get_bucket_location(Bucket=bucket)
    except ClientError as error:
        raise RequestError(f"Unable to verify/create output bucket {bucket}") from error


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a result, and where the next ones begin."""

    rows: list[Row]
    token: str | None


_FIELD = re.compile(rb'(?:"([^"]*(?:""[^"]*)*)")?([,\n])')
_CHUNK_BYTES = 1 << 16


def read_page(s3: S3Client, uri: str, *, token: str | None, limit: int) -> Page:
    """`limit` rows of a result, from its beginning or from where `token` says.

    Raises:
        RequestError: the result is gone, the caller may not read it, or the token is no token.
    """
    offset = _offset(token)
    bucket, key = split_uri(uri)
    try:
        size_bytes = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
        if offset >= size_bytes:
            return Page([], None)
        body = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={offset}-")["Body"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise RequestError(f"Could not read the results of the query at {uri}: {code}") from error
    with body:
        split = _text_rows if uri.endswith(".txt") else _csv_rows
        rows: list[Row] = []
        for row, length in split(body.iter_chunks(_CHUNK_BYTES)):
            rows.append(row)
            offset += length
            if len(rows) == limit:
                break
    return Page(rows, _token(offset) if offset < size_bytes else None)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise RequestError("Invalid NextToken") from error


def _csv_rows(chunks: Iterator[bytes]) -> Iterator[tuple[Row, int]]:
    """Rows of a CSV that was written here, each with its length in bytes."""
    buffer, row, begin, end = b"", Row(), 0, 0
    for chunk in chunks:
        buffer, row, end = buffer[begin:] + chunk, Row(), 0
        begin = 0
        # A quote at the buffer's end may be the first of two: wait for what follows.
        while match := _FIELD.match(buffer, end):
            text = match[1]
            row.append(None if text is None else text.replace(b'""', b'"').decode())
            end = match.end()
            if match[2] == b"\n":
                yield row, end - begin
                row, begin = Row(), end


def _text_rows(chunks: Iterator[bytes]) -> Iterator[tuple[Row, int]]:
    """Lines of a text result, each one row of tab-separated columns."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield [line.decode()], len(line) + 1
    if rest:
        yield [rest.decode()], len(rest)


def result_set(page: Page, outcome: Outcome) -> dict[str, Any]:
    """`ResultSet` of the API: a value that is NULL has no VarCharValue."""
    return {
        "Rows": [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in page.rows
        ],
        "ResultSetMetadata": {
            "ColumnInfo": [
                {
                    "CatalogName": "hive",
                    "SchemaName": "",
                    "TableName": "",
                    "Name": column.name,
                    "Label": column.name,
                    "Type": column.type,
                    "Precision": column.precision,
                    "Scale": column.scale,
                    "Nullable": "UNKNOWN",
                    "CaseSensitive": column.type in ("varchar", "char", "string"),
                }
                for column in outcome.columns
            ]
        },
    }
