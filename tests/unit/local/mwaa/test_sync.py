"""The DAGs' sync."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.mwaa.credentials import ExecutionRole
from infra.local.mwaa.sync import DagSync

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "airflow-bucket"


class FakeRole:
    """An execution role whose sessions may be lost."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self.errors: list[Exception] = []
        self.forgotten = 0

    async def s3(self) -> S3Client:
        if self.errors:
            raise self.errors.pop()
        return self._s3

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def role(s3: S3Client) -> FakeRole:
    return FakeRole(s3)


@pytest.fixture
def sync(role: FakeRole, tmp_path: Path) -> DagSync:
    (tmp_path / "dags").mkdir()
    return DagSync(
        role=cast(ExecutionRole, role),
        bucket=BUCKET,
        prefix="dags/",
        folder=tmp_path / "dags",
        index=tmp_path / "dags.json",
    )


def _files(sync: DagSync) -> dict[str, str]:
    return {
        path.relative_to(sync.folder).as_posix(): path.read_text()
        for path in sync.folder.rglob("*")
        if path.is_file()
    }


def _put(s3: S3Client, **objects: str) -> None:
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key.replace("__", "/"), Body=body.encode())


def test_new_changed_and_deleted_files_follow_the_bucket(s3: S3Client, sync: DagSync) -> None:
    _put(s3, dags__a="1", dags__lake__b="1", other__c="1")
    assert asyncio.run(sync.sync_once()) == 2
    assert _files(sync) == {"a": "1", "lake/b": "1"}
    _put(s3, dags__a="2")
    s3.delete_object(Bucket=BUCKET, Key="dags/lake/b")
    assert asyncio.run(sync.sync_once()) == 2
    assert _files(sync) == {"a": "2"}
    assert not (sync.folder / "lake").exists()


def test_an_unchanged_file_keeps_its_time_even_after_a_restart(s3: S3Client, sync: DagSync) -> None:
    _put(s3, dags__a="1")
    asyncio.run(sync.sync_once())
    before = (sync.folder / "a").stat()
    assert asyncio.run(sync.sync_once()) == 0
    again = DagSync(
        role=sync.role, bucket=BUCKET, prefix="dags/", folder=sync.folder, index=sync.index
    )
    assert asyncio.run(again.sync_once()) == 0
    after = (sync.folder / "a").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_file_that_was_removed_here_comes_back(s3: S3Client, sync: DagSync) -> None:
    _put(s3, dags__a="1")
    asyncio.run(sync.sync_once())
    (sync.folder / "a").unlink()
    asyncio.run(sync.sync_once())
    assert _files(sync) == {"a": "1"}


def test_another_prefix_replaces_all_files(s3: S3Client, sync: DagSync) -> None:
    _put(s3, dags__a="1", other__b="1")
    asyncio.run(sync.sync_once())
    moved = DagSync(
        role=sync.role, bucket=BUCKET, prefix="other/", folder=sync.folder, index=sync.index
    )
    asyncio.run(moved.sync_once())
    assert _files(moved) == {"b": "1"}


def test_what_python_compiled_goes_with_its_folder_only(s3: S3Client, sync: DagSync) -> None:
    _put(s3, dags__a__m="1", dags__b__m="1")
    asyncio.run(sync.sync_once())
    for name in "ab":
        (sync.folder / name / "__pycache__").mkdir()
        (sync.folder / name / "__pycache__" / "m.pyc").touch()
    s3.delete_object(Bucket=BUCKET, Key="dags/b/m")
    asyncio.run(sync.sync_once())
    assert (sync.folder / "a" / "__pycache__" / "m.pyc").exists()
    assert not (sync.folder / "b").exists()


def test_a_key_that_leaves_the_folder_is_left_out(
    s3: S3Client, sync: DagSync, tmp_path: Path
) -> None:
    s3.put_object(Bucket=BUCKET, Key="dags/../../evil", Body=b"x")
    _put(s3, dags__a="1")
    asyncio.run(sync.sync_once())
    assert _files(sync) == {"a": "1"}
    assert not (tmp_path.parent / "evil").exists()


def test_a_lost_session_is_forgotten_and_the_sync_tried_again(
    s3: S3Client, sync: DagSync, role: FakeRole
) -> None:
    _put(s3, dags__a="1")
    answer = {"Error": {"Code": "ExpiredToken", "Message": "expired"}}
    role.errors = [ClientError(answer, "ListObjectsV2")]  # type: ignore[arg-type]  # enough of one

    async def run() -> None:
        running = asyncio.create_task(sync.run(0.01))
        async with asyncio.timeout(10):
            while not _files(sync):
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(run())
    assert role.forgotten == 1
