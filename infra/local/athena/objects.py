"""Objects of S3 on the local disk: fetched whole, kept by ETag, bounded, never shared unasked.

The cache holds bytes, not permissions: a query that finds an object here still asks S3, with its
caller's credentials, whether the caller may read that object.
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.local.athena.errors import ErrorType, QueryError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_PARALLEL_REQUESTS = 8
DENIED = {"AccessDenied", "403", "Forbidden"}
"""What S3 says to who may not do it."""
_CHANGED = {"PreconditionFailed", "412"}


@dataclass(frozen=True, slots=True)
class S3Object:
    """One version of an object, as a listing shows it."""

    bucket: str
    key: str
    etag: str
    """Empty for a file of Iceberg, whose metadata names no ETag: what is there now."""
    size_bytes: int

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def suffix(self) -> str:
        """`.parquet` or `.gz`: readers choose the decompression by it."""
        return PurePosixPath(self.key).suffix

    @property
    def place(self) -> str:
        """What the names of its versions in the cache begin with."""
        return hashlib.sha256(f"{self.bucket}/{self.key}".encode()).hexdigest()

    def cache_name(self, etag: str) -> str:
        """The name of exactly these bytes in the cache."""
        return f"{self.place}.{etag.strip('"')}"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key` (also s3a and s3n, which Hive writes).

    Raises:
        ValueError: the text is no address of S3.
    """
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if not separator or scheme not in ("s3", "s3a", "s3n") or not bucket:
        raise ValueError(f"{uri!r} is no S3 location: expected s3://bucket/prefix/")
    return bucket, key


def list_objects(s3: S3Client, location: str) -> Iterator[S3Object]:
    """The data objects under a table's location; empty and hidden (`_x`, `.x`) ones are skipped.

    Raises:
        QueryError: the caller may not list the bucket, or it does not exist.
    """
    try:
        bucket, key = split_uri(location)
    except ValueError as error:
        raise QueryError("HIVE_METASTORE_ERROR", str(error)) from error
    prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            for entry in page.get("Contents", []):
                parts = entry["Key"][len(prefix) :].split("/")
                hidden = any(part.startswith(("_", ".")) for part in parts)
                if entry["Size"] and not hidden and not parts[-1].endswith("_$folder$"):
                    yield S3Object(bucket, entry["Key"], entry["ETag"], entry["Size"])
    except ClientError as error:
        raise read_error(error, f"s3://{bucket}/{prefix}") from error


def delete_objects(s3: S3Client, location: str) -> None:
    """Delete every object below a location.

    Raises:
        QueryError: the caller may not list the bucket or delete an object.
    """
    bucket, key = split_uri(f"{location.rstrip('/')}/")
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            found: list[ObjectIdentifierTypeDef] = [
                {"Key": each["Key"]} for each in page.get("Contents", [])
            ]
            if not found:
                continue
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
            for error in answer.get("Errors", []):
                message = f"Access denied when deleting s3://{bucket}/{error.get('Key')}"
                raise QueryError("PERMISSION_DENIED", message)
    except ClientError as error:
        raise read_error(error, location) from error


def read_error(error: ClientError, uri: str) -> QueryError:
    """A refusal by S3 as the failure of a query."""
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", code)
    if code in DENIED:
        return QueryError("PERMISSION_DENIED", f"Access denied when reading {uri}: {message}")
    return QueryError(
        "HIVE_CANNOT_OPEN_SPLIT",
        f"Error opening Hive split {uri}: {message}",
        error_type=ErrorType.DATA,
    )


class ObjectCache:
    """Fetched objects, the least recently used of them dropped when they are too many bytes."""

    def __init__(self, directory: Path, *, capacity_bytes: int) -> None:
        self._directory = directory
        self._capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._etags: dict[str, str] = {}
        """Of each object the version that was fetched last."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(directory.iterdir(), key=lambda path: path.stat().st_mtime):
            if path.suffix == ".partial":
                path.unlink()
            else:
                self._sizes[path.name] = path.stat().st_size
                place, _, etag = path.name.partition(".")
                self._etags[place] = etag

    @property
    def size_bytes(self) -> int:
        """How much the cache holds now."""
        with self._lock:
            return sum(self._sizes.values())

    def fetch(
        self,
        s3: S3Client,
        objects: Sequence[S3Object],
        *,
        into: Path,
        check: Callable[[], None],
    ) -> list[Path]:
        """Place each object in the folder `into`, in the order given, as hard links.

        A link outlives the cache's own entry, so that eviction never takes a file from a query.
        `check` is called between objects, and raises to stop.

        Raises:
            QueryError: the caller may not read an object, or it is gone.
        """

        def place(numbered: tuple[int, S3Object]) -> Path:
            check()
            number, wanted = numbered
            link = into / f"{number}{wanted.suffix}"
            try:
                self._place(s3, wanted, link)
            except ClientError as error:
                raise read_error(error, wanted.uri) from error
            return link

        into.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            links = list(pool.map(place, enumerate(objects)))
        self._evict()
        return links

    def _place(self, s3: S3Client, wanted: S3Object, link: Path) -> None:
        with self._lock:
            etag = wanted.etag or self._etags.get(wanted.place, "")
            known = wanted.cache_name(etag) in self._sizes
        if not known or not self._link(s3, wanted, etag, link):
            etag = self._fetch(s3, wanted, link)
        with self._lock:
            name = wanted.cache_name(etag)
            self._etags[wanted.place] = etag
            self._sizes[name] = wanted.size_bytes
            self._sizes.move_to_end(name)

    def _link(self, s3: S3Client, wanted: S3Object, etag: str, link: Path) -> bool:
        """Place what is cached, if it is still the object's content and still cached."""
        try:
            # HeadObject needs the same permission as GetObject, and says whether it changed.
            s3.head_object(Bucket=wanted.bucket, Key=wanted.key, IfMatch=etag)
            os.link(self._directory / wanted.cache_name(etag), link)
        except FileNotFoundError:
            return False  # evicted since
        except ClientError as error:
            if wanted.etag or error.response["Error"]["Code"] not in _CHANGED:
                raise
            return False
        return True

    def _fetch(self, s3: S3Client, wanted: S3Object, link: Path) -> str:
        """Place what S3 has; its ETag."""
        if wanted.etag:
            answer = s3.get_object(Bucket=wanted.bucket, Key=wanted.key, IfMatch=wanted.etag)
        else:
            answer = s3.get_object(Bucket=wanted.bucket, Key=wanted.key)
        partial = self._directory / f"{uuid.uuid4().hex}.partial"
        try:
            with partial.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1 << 20):
                    file.write(chunk)
            os.link(partial, link)
            partial.replace(self._directory / wanted.cache_name(answer["ETag"]))
        finally:
            partial.unlink(missing_ok=True)
        return answer["ETag"]

    def _evict(self) -> None:
        with self._lock:
            excess_bytes = sum(self._sizes.values()) - self._capacity_bytes
            while excess_bytes > 0 and self._sizes:
                name, size_bytes = self._sizes.popitem(last=False)
                (self._directory / name).unlink(missing_ok=True)
                excess_bytes -= size_bytes


def total_bytes(objects: Iterable[S3Object]) -> int:
    """What reading all of them reads."""
    return sum(each.size_bytes for each in objects)
