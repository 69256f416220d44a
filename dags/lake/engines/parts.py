"""The Parquet objects that an engine wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from lake.tables import Part, Warehouse
from lake.tables.parquet import open_parquet

THREADS = 8
"""Footers read at once."""
DELETE_AT_ONCE = 1000
"""S3's limit (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)."""


def clear(warehouse: Warehouse, prefix: str) -> None:
    """Delete what an earlier attempt left below a prefix."""
    keys = list(_sizes(warehouse, prefix))
    for start in range(0, len(keys), DELETE_AT_ONCE):
        answer = warehouse.s3.delete_objects(
            Bucket=warehouse.bucket,
            Delete={"Objects": [{"Key": key} for key in keys[start : start + DELETE_AT_ONCE]]},
        )
        if errors := answer.get("Errors"):
            raise RuntimeError(f"{warehouse.bucket} kept what has to go: {errors[:3]}")


def written_parts(
    warehouse: Warehouse, prefix: str, *, folders: Mapping[str, str], source_key: str
) -> tuple[Part, ...]:
    """The objects below a prefix, with their rows by their footers.

    Args:
        warehouse: the bucket that they are in.
        prefix: of the objects; those that begin with `_` or have no rows are passed over.
        folders: the name of each folder of a partition, and the column that it stands for.
        source_key: of every row in them.
    """

    def part(item: tuple[str, int]) -> Part:
        key, size_bytes = item
        with open_parquet(warehouse, key, size_bytes=size_bytes) as file:
            rows = file.metadata.num_rows
        return Part(
            key=key,
            partition=_partition(key.removeprefix(prefix), folders),
            rows=rows,
            size_bytes=size_bytes,
            first_source_key=source_key,
            last_source_key=source_key,
        )

    sizes = _sizes(warehouse, prefix)
    data = [item for item in sorted(sizes.items()) if item[0].rpartition("/")[2][:1] != "_"]
    return tuple(found for found in _each(part, data) if found.rows)


def _each(do: Callable[[tuple[str, int]], Part], items: Iterable[tuple[str, int]]) -> list[Part]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(do, items))


def _sizes(warehouse: Warehouse, prefix: str) -> dict[str, int]:
    """Bytes of each object by its key."""
    pages = warehouse.s3.get_paginator("list_objects_v2").paginate(
        Bucket=warehouse.bucket, Prefix=prefix
    )
    return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}


def _partition(path: str, folders: Mapping[str, str]) -> dict[str, str]:
    """The values in the folders' names, by the table's columns."""
    named = dict(part.split("=", 1) for part in path.split("/")[:-1] if "=" in part)
    return {column: unquote(named[folder]) for folder, column in folders.items()}
