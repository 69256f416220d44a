"""Objects of S3 that COPY reads and UNLOAD meets, with the permissions of the statement's role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.athena.objects import split_uri
from infra.local.redshift.engine.errors import RedshiftError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = ("NoSuchKey", "404", "NoSuchBucket")


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object as a listing shows it."""

    bucket: str
    key: str
    size_bytes: int

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


def refused(error: ClientError | BotoCoreError) -> RedshiftError:
    """What S3 refuses, in Redshift's words."""
    if not isinstance(error, ClientError):
        return RedshiftError(f"S3 cannot be reached: {error}", "58000")
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = "AccessDenied" if code in ("403", "Forbidden") else code
    return RedshiftError(f"S3ServiceException:{message},Status {status},Error {code}", "58000")


def address(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`.

    Raises:
        RedshiftError: it is no address of S3.
    """
    try:
        return split_uri(uri)
    except ValueError as error:
        message = f"Invalid S3 path {uri!r}: expected s3://bucket/prefix"
        raise RedshiftError(message, "22023") from error


def list_prefix(s3: S3Client, uri: str) -> Iterator[S3Object]:
    """The objects whose address begins with `uri`; empty ones too."""
    bucket, prefix = address(uri)
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                yield S3Object(bucket, each["Key"], each["Size"])
    except (ClientError, BotoCoreError) as error:
        raise refused(error) from error


def to_load(s3: S3Client, uri: str, *, manifest: bool) -> list[S3Object]:
    """What COPY reads: the objects under a prefix, or those of a manifest.

    Raises:
        RedshiftError: there are none, or one that a manifest demands is missing.
    """
    found = _manifest(s3, uri) if manifest else list(list_prefix(s3, uri))
    if not found:
        prefix = address(uri)[1]
        raise RedshiftError(f"The specified S3 prefix '{prefix}' does not exist", "XX000")
    return [each for each in found if each.size_bytes]


def _manifest(s3: S3Client, uri: str) -> list[S3Object]:
    try:
        entries = json.loads(read(s3, uri))["entries"]
        named = [(str(each["url"]), bool(each.get("mandatory", False))) for each in entries]
    except (ValueError, KeyError, TypeError) as error:
        message = f"Manifest file is not in correct json format: {uri}"
        raise RedshiftError(message, "XX000") from error
    found = []
    for url, mandatory in named:
        bucket, key = address(url)
        try:
            size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise refused(error) from error
            if mandatory:
                message = f"The file {url} of the manifest is mandatory and does not exist"
                raise RedshiftError(message, "XX000") from error
            continue
        found.append(S3Object(bucket, key, size))
    return found


def read(s3: S3Client, uri: str) -> bytes:
    """The content of a small object."""
    bucket, key = address(uri)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise refused(error) from error


def fetch(s3: S3Client, wanted: S3Object, path: Path) -> None:
    """Place the content of an object at `path`."""
    try:
        body = s3.get_object(Bucket=wanted.bucket, Key=wanted.key)["Body"]
        with path.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)
    except (ClientError, BotoCoreError) as error:
        raise refused(error) from error
