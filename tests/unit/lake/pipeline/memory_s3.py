"""S3 in memory: what the lake asks of it, its conditions and versions, and nothing else.

moto takes milliseconds a request and does not compare ETags of copies and deletes; a test that
kills a run at each of its requests needs thousands of them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

PAGE = 1000


class NoSuchKey(ClientError):
    """As the client's `exceptions.NoSuchKey`."""


def refusal(code: str, status: int, operation: str) -> ClientError:
    kind = NoSuchKey if code == "NoSuchKey" else ClientError
    answer: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return kind(answer, operation)


@dataclass(frozen=True)
class Version:
    number: int
    body: bytes | None
    """None: a delete marker."""
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body or b"").hexdigest()}"'  # noqa: S324  # as S3's


class Body(io.BytesIO):
    """As boto3's streaming body."""


@dataclass
class MemoryS3:
    """One account's buckets, all of them versioned."""

    objects: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1 << 30)))
    lock: RLock = field(default_factory=RLock)
    exceptions: ClassVar[Any] = SimpleNamespace(NoSuchKey=NoSuchKey, ClientError=ClientError)

    def get_object(
        self, *, Bucket: str, Key: str, Range: str = "", VersionId: str = ""
    ) -> dict[str, Any]:
        version = self._version(Bucket, Key, VersionId)
        if version is None or version.body is None:
            raise refusal("NoSuchKey", 404, "GetObject")
        body = version.body
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", Range):
            body = body[int(found[1]) : int(found[2]) + 1 if found[2] else None]
            if not body:
                raise refusal("InvalidRange", 416, "GetObject")
        return {"Body": Body(body), "ETag": version.etag, "ContentLength": len(body)}

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        version = self._version(Bucket, Key, VersionId)
        if version is None or version.body is None:
            raise refusal("404", 404, "HeadObject")
        return {
            "ContentLength": len(version.body),
            "ETag": version.etag,
            "VersionId": str(version.number),
            "LastModified": version.modified,
        }

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes,
        IfNoneMatch: str = "",
        IfMatch: str = "",
        ContentType: str = "",  # noqa: ARG002  # boto3's names
    ) -> dict[str, Any]:
        with self.lock:
            current = self._current(Bucket, Key)
            if IfNoneMatch and current is not None:
                raise refusal("PreconditionFailed", 412, "PutObject")
            if IfMatch and current is None:
                raise refusal("NoSuchKey", 404, "PutObject")
            if IfMatch and current is not None and current.etag != IfMatch:
                raise refusal("PreconditionFailed", 412, "PutObject")
            return {"ETag": self._write(Bucket, Key, Body).etag}

    def upload_file(self, path: str, bucket: str, key: str, Config: Any = None) -> None:  # noqa: ARG002  # boto3's names
        with self.lock:
            self._write(bucket, key, Path(path).read_bytes())

    def copy_object(
        self, *, Bucket: str, Key: str, CopySource: dict[str, str], CopySourceIfMatch: str = ""
    ) -> dict[str, Any]:
        with self.lock:
            source = self._current(CopySource["Bucket"], CopySource["Key"])
            if source is None:
                raise refusal("NoSuchKey", 404, "CopyObject")
            if CopySourceIfMatch and source.etag != CopySourceIfMatch:
                raise refusal("PreconditionFailed", 412, "CopyObject")
            return {"ETag": self._write(Bucket, Key, source.body).etag}

    def copy(
        self,
        CopySource: dict[str, str],
        Bucket: str,
        Key: str,
        ExtraArgs: dict[str, str] | None = None,
        Config: Any = None,  # noqa: ARG002  # boto3's names
    ) -> None:
        self.copy_object(Bucket=Bucket, Key=Key, CopySource=CopySource, **(ExtraArgs or {}))

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        with self.lock:
            if self._current(Bucket, Key) is not None:
                self._write(Bucket, Key, None)
        return {}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        errors = []
        with self.lock:
            for item in Delete["Objects"]:
                current = self._current(Bucket, item["Key"])
                if "ETag" in item and (current is None or current.etag != item["ETag"]):
                    code = "NoSuchKey" if current is None else "PreconditionFailed"
                    errors.append({"Key": item["Key"], "Code": code})
                elif current is not None:
                    self._write(Bucket, item["Key"], None)
        return {"Errors": errors}

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:
        found = [
            {
                "Key": key,
                "Size": len(current.body or b""),
                "ETag": current.etag,
                "LastModified": current.modified,
            }
            for bucket, key in sorted(self.objects)
            if bucket == Bucket and key.startswith(Prefix)
            if (current := self._current(bucket, key))
        ]
        return {"Contents": found, "IsTruncated": False}

    def list_object_versions(self, *, Bucket: str, Prefix: str = "") -> dict[str, Any]:
        versions = [
            {
                "Key": key,
                "VersionId": str(version.number),
                "IsLatest": version is versions[-1],
                "ETag": version.etag,
                "Size": len(version.body),
                "LastModified": version.modified,
            }
            for (bucket, key), versions in sorted(self.objects.items())
            if bucket == Bucket and key.startswith(Prefix)
            for version in versions
            if version.body is not None
        ]
        return {"Versions": versions}

    def get_paginator(self, operation: str) -> Any:
        """Pages, so that what reads just the first one is found out."""

        def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:
            (name, found), *_ = getattr(self, operation)(**arguments).items()
            for start in range(0, max(1, len(found)), PAGE):
                yield {name: found[start : start + PAGE]}

        return SimpleNamespace(paginate=paginate)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of the objects that there are."""
        return [
            item["Key"] for item in self.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        ]

    def _current(self, bucket: str, key: str) -> Version | None:
        versions = self.objects.get((bucket, key))
        return versions[-1] if versions and versions[-1].body is not None else None

    def _version(self, bucket: str, key: str, version_id: str) -> Version | None:
        if not version_id:
            return self._current(bucket, key)
        versions = self.objects.get((bucket, key), [])
        return next((v for v in versions if str(v.number) == version_id), None)

    def _write(self, bucket: str, key: str, body: bytes | None) -> Version:
        version = Version(next(self.numbers), body, datetime.now(UTC))
        self.objects.setdefault((bucket, key), []).append(version)
        return version
