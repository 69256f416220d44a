"""The objects of a table in the curated bucket: read, written, copied, listed and deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from boto3.s3.transfer import TransferConfig

from lake.tables.table import THREADS, Warehouse

DELETED_AT_ONCE = 1000
_WHOLE = TransferConfig(multipart_threshold=5 << 30, use_threads=False)
"""S3 copies up to 5 GiB in one request."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a listing."""

    key: str
    modified: datetime


class Bucket:
    """The curated bucket."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._s3 = warehouse.s3
        self._name = warehouse.bucket

    def get(self, key: str) -> bytes:
        """The body of a small object."""
        return self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()

    def put(self, key: str, body: bytes) -> None:
        """Write a small object; it is replaced whole or not at all."""
        self._s3.put_object(Bucket=self._name, Key=key, Body=body, ContentType="application/json")

    def copy(self, keys: Mapping[str, str]) -> None:
        """Copy objects on the server, from each key to the one it maps to."""

        def one(pair: tuple[str, str]) -> None:
            source: Any = {"Bucket": self._name, "Key": pair[0]}
            self._s3.copy(source, self._name, pair[1], Config=_WHOLE)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(one, keys.items()))

    def listed(self, prefix: str) -> Iterator[Found]:
        """The objects below a prefix, in the order of their keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", ()):
                yield Found(item["Key"], item["LastModified"])

    def delete(self, keys: Iterable[str]) -> int:
        """Delete objects, one that is not there is no error; how many there were of them.

        Raises:
            RuntimeError: S3 kept some.
        """
        count = 0
        for some in batched(keys, DELETED_AT_ONCE):
            answer = self._s3.delete_objects(
                Bucket=self._name,
                Delete={"Objects": [{"Key": key} for key in some], "Quiet": True},
            )
            if errors := answer.get("Errors"):
                raise RuntimeError(f"{self._name} kept objects that have to go: {errors[:3]}")
            count += len(some)
        return count

    def delete_unneeded(
        self, prefix: str, *, before: datetime, keys: Collection[str], prefixes: Collection[str]
    ) -> int:
        """Delete what is below a prefix, older than `before`, and not needed by key or prefix."""
        needed = tuple(prefixes)
        return self.delete(
            found.key
            for found in self.listed(prefix)
            if found.modified < before
            and found.key not in keys
            and not found.key.startswith(needed)
        )
