"""S3: versions, ranges, uploads in parts, many threads."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.embedded.running import RunningEmulator

pytestmark = pytest.mark.embedded

BUCKET = "versioned"
MIB = 1024 * 1024


@pytest.fixture
def s3(emulator: RunningEmulator) -> Iterator[Any]:
    """A client, and a versioned bucket that is emptied in the end."""
    client = emulator.client("s3", max_pool_connections=16)
    client.create_bucket(Bucket=BUCKET)
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=BUCKET, Key=item["Key"], VersionId=item["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


def test_only_the_version_that_is_named_is_deleted(s3: Any) -> None:
    read = s3.put_object(Bucket=BUCKET, Key="file", Body=b"read")["VersionId"]
    uploaded = s3.put_object(Bucket=BUCKET, Key="file", Body=b"meanwhile")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="file", VersionId=read)
    assert s3.get_object(Bucket=BUCKET, Key="file")["Body"].read() == b"meanwhile"
    (left,) = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert (left["VersionId"], left["IsLatest"]) == (uploaded, True)


def test_a_delete_marker_hides_an_object_until_it_is_deleted(s3: Any) -> None:
    version = s3.put_object(Bucket=BUCKET, Key="file", Body=b"content")["VersionId"]
    marker = s3.delete_object(Bucket=BUCKET, Key="file")
    assert marker["DeleteMarker"] is True
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=BUCKET, Key="file")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert [(m["VersionId"], m["IsLatest"]) for m in listed["DeleteMarkers"]] == [
        (marker["VersionId"], True)
    ]
    assert [(v["VersionId"], v["IsLatest"]) for v in listed["Versions"]] == [(version, False)]
    s3.delete_object(Bucket=BUCKET, Key="file", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=BUCKET, Key="file")["Body"].read() == b"content"


@pytest.mark.parametrize("page_size", [1, 2, 3, 7])
def test_versions_are_listed_page_by_page_newest_first(s3: Any, page_size: int) -> None:
    written = {}
    for key in ("a", "b/1", "b/2", "c"):
        written[key] = [
            s3.put_object(Bucket=BUCKET, Key=key, Body=bytes([n]))["VersionId"] for n in range(3)
        ]
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": page_size}
    )
    found = [version for page in pages for version in page.get("Versions", [])]
    expected = [(key, version) for key in written for version in reversed(written[key])]
    assert [(v["Key"], v["VersionId"]) for v in found] == expected
    assert [v["VersionId"] for v in found if v["IsLatest"]] == [v[-1] for v in written.values()]
    prefixed = s3.list_object_versions(Bucket=BUCKET, Prefix="b/")["Versions"]
    assert {version["Key"] for version in prefixed} == {"b/1", "b/2"}


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"), ("bytes=8-99", b"89")],
)
@pytest.mark.parametrize("by_version", [True, False])
def test_a_range_is_read(s3: Any, wanted: str, part: bytes, by_version: bool) -> None:
    version = s3.put_object(Bucket=BUCKET, Key="file", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="other", Body=b"")
    named = {"VersionId": version} if by_version else {}
    answer = s3.get_object(Bucket=BUCKET, Key="file", Range=wanted, **named)
    assert answer["Body"].read() == part
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    start = b"0123456789".index(part)
    assert answer["ContentRange"] == f"bytes {start}-{start + len(part) - 1}/10"


@pytest.mark.parametrize("by_version", [True, False])
def test_a_range_outside_of_the_object_is_refused(s3: Any, by_version: bool) -> None:
    version = s3.put_object(Bucket=BUCKET, Key="file", Body=b"0123456789")["VersionId"]
    named = {"VersionId": version} if by_version else {}
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=BUCKET, Key="file", Range="bytes=10-12", **named)


@pytest.mark.parametrize("by_version", [True, False])
def test_a_large_file_goes_up_and_down_in_parts(s3: Any, tmp_path: Path, by_version: bool) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(20 * MIB + 17))
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_file(str(source), BUCKET, "large", Config=parts)
    head = s3.head_object(Bucket=BUCKET, Key="large")
    assert head["ETag"].endswith('-5"')
    s3.put_object(Bucket=BUCKET, Key="other", Body=b"")
    named = {"VersionId": head["VersionId"]} if by_version else {}
    s3.download_file(BUCKET, "large", str(copy), Config=parts, ExtraArgs=named)
    assert digest(copy) == digest(source)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_object_is_written_with_kms_and_no_key(s3: Any) -> None:
    answer = s3.put_object(Bucket=BUCKET, Key="file", Body=b"1", ServerSideEncryption="aws:kms")
    assert answer["SSEKMSKeyId"].endswith(":alias/aws/s3")


def test_many_threads_read_and_write_at_once(s3: Any) -> None:
    def work(number: int) -> bytes:
        key = f"many/{number % 40}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=str(number).encode() * 1000)
        body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    with ThreadPoolExecutor(16) as threads:
        bodies = list(threads.map(work, range(200)))
    assert all(len(set(body.decode())) <= 3 and body for body in bodies)
    versions = s3.list_object_versions(Bucket=BUCKET, Prefix="many/")["Versions"]
    assert len(versions) == 200
    assert sum(version["IsLatest"] for version in versions) == 40


def test_versions_do_not_stay_in_memory(emulator: RunningEmulator, s3: Any) -> None:
    assert emulator.process is not None
    status = Path(f"/proc/{emulator.process.pid}/status")

    def resident_mib() -> int:
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) // 1024

    s3.put_object(Bucket=BUCKET, Key="big", Body=bytes(20 * MIB))
    before = resident_mib()
    for _ in range(6):
        s3.put_object(Bucket=BUCKET, Key="big", Body=os.urandom(20 * MIB))
    assert resident_mib() - before < 70
