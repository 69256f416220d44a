"""The objects of a table that it needs no more: found by what it names, not by what was expired.

So it does not matter who left them: a snapshot that expired, a statement that failed, or a VACUUM
that was stopped. An object that was written lately may be of a statement that runs, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile, read_manifest_list
from pyiceberg.table import Table as LoadedTable

from infra.local.athena.errors import QueryError
from infra.local.athena.objects import DENIED, read_error, split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_PARALLEL_REQUESTS = 8
_DELETED_AT_ONCE = 1000
_FOLDERS = ("data", "metadata")
"""Those of a table, below its location; what else lies there is not its own."""
_METADATA_FILE = re.compile(r"/metadata/(\d+)-[^/]*\.metadata\.json$")


def written(s3: S3Client, location: str) -> dict[str, datetime]:
    """Every object in the folders of a table, and when it was written.

    Raises:
        QueryError: the caller may not list the bucket.
    """
    found: dict[str, datetime] = {}
    for name in _FOLDERS:
        folder = f"{location.rstrip('/')}/{name}/"
        bucket, prefix = split_uri(folder)
        try:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for each in page.get("Contents", []):
                    found[f"s3://{bucket}/{each['Key']}"] = each["LastModified"]
        except ClientError as error:
            raise read_error(error, folder) from error
    return found


def needed(table: LoadedTable, io: FileIO, *, check: Callable[[], None]) -> set[str]:
    """Every object that some snapshot of the table needs, and its metadata.

    `check` is called between objects, and raises to stop.

    Raises:
        QueryError: a list of manifests or a manifest cannot be read.
    """
    metadata = table.metadata
    names = {table.metadata_location, *(each.metadata_file for each in metadata.metadata_log)}
    for statistics in (*metadata.statistics, *metadata.partition_statistics):
        names.add(statistics.statistics_path)
    lists = {snapshot.manifest_list for snapshot in metadata.snapshots}
    names |= lists

    def manifests(location: str) -> list[ManifestFile]:
        check()
        return list(read_manifest_list(io.new_input(location)))

    def files(manifest: ManifestFile) -> list[str]:
        check()
        return [entry.data_file.file_path for entry in manifest.fetch_manifest_entry(io)]

    with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
        found = {each.manifest_path: each for some in pool.map(manifests, lists) for each in some}
        names |= found.keys()
        for paths in pool.map(files, found.values()):
            names.update(paths)
    return {_uri(name) for name in names}


def unneeded(objects: dict[str, datetime], kept: set[str], *, before: datetime) -> Iterator[str]:
    """The objects that nothing keeps and nobody writes.

    One is being written at most since `before`; a metadata file that is older than all that the
    table names is not, whatever its age.
    """
    first = min((number for number in map(_version, kept) if number is not None), default=0)
    for uri, modified in objects.items():
        if uri in kept:
            continue
        version = _version(uri)
        if modified < before or (version is not None and version < first):
            yield uri


def delete(s3: S3Client, uris: Iterable[str], *, check: Callable[[], None]) -> None:
    """Delete objects of one bucket; those that the caller may not delete stay, as in Athena.

    `check` is called between requests, and raises to stop.

    Raises:
        QueryError: S3 did not delete an object, for another reason.
    """
    for some in batched(map(split_uri, uris), _DELETED_AT_ONCE):
        check()
        bucket = some[0][0]
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for _, key in some]
        errors: Sequence[Any]
        try:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            errors = answer.get("Errors", [])
        except ClientError as refused:
            errors = [refused.response["Error"]]
        for error in errors:
            if error.get("Code") not in DENIED:
                message = f"s3://{bucket}/{error.get('Key', '')}: {error.get('Message')}"
                raise QueryError("ICEBERG_FILESYSTEM_ERROR", f"Failed to delete {message}")


def _version(uri: str) -> int | None:
    """The number of a metadata file; each commit counts on."""
    match = _METADATA_FILE.search(uri)
    return int(match[1]) if match else None


def _uri(location: str) -> str:
    """`s3a://` and `s3n://` are names of S3 too."""
    bucket, key = split_uri(location)
    return f"s3://{bucket}/{key}"
