"""The objects below `dags/` of an Airflow bucket, compared with a built bundle by their content.

An ETag is no MD5 in a bucket that is encrypted with a key of KMS, so what is uploaded here carries
S3's own SHA-256, which a HEAD answers
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). What a
deploy uploaded has none: where the size is the same, it is read.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

AT_ONCE = 10
"""Requests to S3; botocore keeps as many connections."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What makes the bucket equal to the bundle: names below `dags/`, sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)

    @property
    def uploaded(self) -> tuple[str, ...]:
        """What is written."""
        return self.added + self.changed


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An object, as a listing has it."""

    size: int
    last_modified: datetime


@dataclass(frozen=True, kw_only=True)
class DagsMirror:
    """A folder, and the prefix of a versioned bucket that is to hold the same."""

    s3: Any
    bucket: str
    prefix: str
    """With its slash at the end."""
    folder: Path

    def difference(self) -> Difference:
        """Compare the two."""
        there, here = self._there(), self._here
        both = sorted(here.keys() & there.keys())
        same = self._each(lambda name: self._is_same(name, there[name]), both)
        return Difference(
            added=tuple(sorted(here.keys() - there.keys())),
            changed=tuple(name for name, equal in zip(both, same, strict=True) if not equal),
            deleted=tuple(sorted(there.keys() - here.keys())),
        )

    def apply(self, difference: Difference) -> None:
        """Write and delete what differs: a DAG file after what it imports, and before it goes.

        Killed anywhere, it leaves what the next one finds. What is deleted gets a delete marker.
        """
        for name_is in (_is_no_dag_file, _is_dag_file):
            self._each(self._upload, filter(name_is, difference.uploaded))
        for name_is in (_is_dag_file, _is_no_dag_file):
            self._each(self._delete, filter(name_is, difference.deleted))

    def last_modified(self) -> datetime:
        """When S3 last took something below the prefix."""
        times = [listed.last_modified for listed in self._there().values()]
        return max(times, default=datetime.fromtimestamp(0, UTC))

    @cached_property
    def _here(self) -> dict[str, Path]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in files}

    def _there(self) -> dict[str, Listed]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        return {
            entry["Key"].removeprefix(self.prefix): Listed(
                size=entry["Size"], last_modified=entry["LastModified"]
            )
            for page in pages
            for entry in page.get("Contents", [])
            if not entry["Key"].endswith("/")  # a folder, as the console makes them
        }

    def _is_same(self, name: str, listed: Listed) -> bool:
        content = self._here[name].read_bytes()
        if listed.size != len(content):
            return False
        where = {"Bucket": self.bucket, "Key": self.prefix + name}
        head = self.s3.head_object(**where, ChecksumMode="ENABLED")
        checksum = head.get("ChecksumSHA256", "-")
        if "-" not in checksum:  # of the whole; one of parts ends with their number
            return bool(checksum == sha256(content))
        with self.s3.get_object(**where)["Body"] as body:
            return bool(body.read() == content)

    def _upload(self, name: str) -> None:
        self.s3.put_object(
            Bucket=self.bucket,
            Key=self.prefix + name,
            Body=self._here[name].read_bytes(),
            ChecksumAlgorithm="SHA256",
            ContentType=mimetypes.guess_type(name)[0] or "binary/octet-stream",
        )

    def _delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    @staticmethod
    def _each[T](do: Callable[[str], T], names: Iterable[str]) -> list[T]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(do, names))


def _is_dag_file(name: str) -> bool:
    return name.endswith(".py") and "/" not in name


def _is_no_dag_file(name: str) -> bool:
    return not _is_dag_file(name)


def sha256(content: bytes) -> str:
    """The checksum as S3 has it, in Base64."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
