"""ministack's S3 storage: objects in files, their versions in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any

_responses: Any = import_module("ministack.core.responses")
_s3: Any = import_module("ministack.services.s3")

_refusals: ContextVar[list[OSError] | None] = ContextVar("refusals", default=None)


def collect_refusals() -> list[OSError]:
    """Begin a request; what the disk refuses in it will be in the list.

    ministack logs such a failure and acknowledges the request all the same.
    """
    refusals: list[OSError] = []
    _refusals.set(refusals)
    return refusals


async def answer_internally(*arguments: Any) -> Any:
    """Answer a request to S3 that the service itself makes; unsigned, it is not anonymous.

    Raises:
        OSError: the disk refused.
    """
    refusals = collect_refusals()
    answer = await _s3.handle_request(*arguments, internal=True)
    if refusals:
        raise refusals[0]
    return answer


def watch_disk() -> None:
    """Notice what the disk refuses."""
    for name in ("_atomic_write", "_remove_key_files"):
        setattr(_s3, name, _noticing(getattr(_s3, name)))


def _noticing(write: Callable[..., None]) -> Callable[..., None]:
    def attempt(*arguments: Any, **named: Any) -> None:
        try:
            write(*arguments, **named)
        except OSError as error:
            refusals = _refusals.get()
            if refusals is not None:
                refusals.append(error)
            raise

    return attempt


def keep_versions_on_disk() -> None:
    """Forget the content of a version once it is in a file; as it is, memory keeps it too."""
    persist = _s3._persist_object

    def persist_and_forget(bucket: str, key: str, record: dict[str, Any]) -> None:
        persist(bucket, key, record)
        if record.get("body") is None:  # it was written
            for version in _s3._object_versions.get((bucket, key)) or []:
                version["data"] = None

    _s3._persist_object = persist_and_forget


def keep_no_files_of_deleted_buckets() -> None:
    """Delete the files of a bucket's older versions with the bucket."""
    delete = _s3._delete_persisted_bucket

    def delete_with_versions(name: str) -> None:
        delete(name)
        _delete_version_files(_responses.get_account_id(), name)

    _s3._delete_persisted_bucket = delete_with_versions


def drop_unknown_buckets() -> None:
    """Drop buckets of which files were found but which no saved state knows.

    Such a bucket was never acknowledged: a create was killed before it was saved.
    """
    known_by_files_only = [
        key for key, bucket in _s3._buckets._data.items() if bucket.get("region") is None
    ]
    for account_id, name in known_by_files_only:
        del _s3._buckets._data[(account_id, name)]
        for history in [key for key in _s3._object_versions._data if key[1][0] == name]:
            del _s3._object_versions._data[history]
        shutil.rmtree(Path(_s3.DATA_DIR) / account_id / name, ignore_errors=True)
        _delete_version_files(account_id, name)


def _delete_version_files(account_id: str, bucket: str) -> None:
    versions = Path(_s3.DATA_DIR) / _s3._VERSIONS_DIR / account_id / bucket
    shutil.rmtree(versions, ignore_errors=True)
