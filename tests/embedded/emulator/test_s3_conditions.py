"""S3: writes, copies and deletes that hold only while an object is what its writer saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import RunningEmulator

pytestmark = pytest.mark.embedded

BUCKET = "conditions"


@pytest.fixture(params=["versioned", "plain"])
def s3(request: pytest.FixtureRequest, emulator: RunningEmulator) -> Iterator[Any]:
    """A client, and a bucket that is emptied in the end."""
    client = emulator.client("s3", max_pool_connections=32)
    client.create_bucket(Bucket=BUCKET)
    if request.param == "versioned":
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        named = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        if named:
            client.delete_objects(Bucket=BUCKET, Delete={"Objects": named})
    client.delete_bucket(Bucket=BUCKET)


def code(attempt: Callable[[], Any]) -> str:
    """The error with which S3 refuses, or nothing."""
    try:
        attempt()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def at_once(count: int, attempt: Callable[[int], str]) -> list[str]:
    with ThreadPoolExecutor(count) as threads:
        return sorted(threads.map(attempt, range(count)))


def test_one_of_many_writers_makes_a_new_object(s3: Any) -> None:
    def write(number: int) -> str:
        body = str(number).encode()
        return code(lambda: s3.put_object(Bucket=BUCKET, Key="n", Body=body, IfNoneMatch="*"))

    for _ in range(5):
        assert at_once(16, write) == ["", *["PreconditionFailed"] * 15]
        s3.delete_object(Bucket=BUCKET, Key="n")


def test_a_deleted_object_is_made_anew(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="n", Body=b"1", IfNoneMatch="*")
    s3.delete_object(Bucket=BUCKET, Key="n")
    s3.put_object(Bucket=BUCKET, Key="n", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket=BUCKET, Key="n")["Body"].read() == b"2"


def test_one_of_many_writers_replaces_what_all_have_read(s3: Any) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="n", Body=b"first")["ETag"]

    def write(number: int) -> str:
        body = str(number).encode()
        return code(lambda: s3.put_object(Bucket=BUCKET, Key="n", Body=body, IfMatch=etag))

    assert at_once(16, write) == ["", *["PreconditionFailed"] * 15]
    missing = code(lambda: s3.put_object(Bucket=BUCKET, Key="other", Body=b"", IfMatch=etag))
    assert missing == "NoSuchKey"


def test_an_upload_in_parts_is_completed_only_once(s3: Any) -> None:
    def upload(_: int) -> str:
        made = s3.create_multipart_upload(Bucket=BUCKET, Key="n")["UploadId"]
        named = {"Bucket": BUCKET, "Key": "n", "UploadId": made}
        part = s3.upload_part(**named, PartNumber=1, Body=b"part")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        return code(
            lambda: s3.complete_multipart_upload(**named, MultipartUpload=parts, IfNoneMatch="*")
        )

    assert at_once(4, upload) == ["", *["PreconditionFailed"] * 3]


def test_a_copy_is_made_only_of_what_was_seen(s3: Any) -> None:
    seen = s3.put_object(Bucket=BUCKET, Key="from", Body=b"seen")["ETag"]
    named = {"Bucket": BUCKET, "Key": "to", "CopySource": {"Bucket": BUCKET, "Key": "from"}}
    s3.copy_object(**named, CopySourceIfMatch=seen)
    assert s3.get_object(Bucket=BUCKET, Key="to")["Body"].read() == b"seen"
    s3.put_object(Bucket=BUCKET, Key="from", Body=b"changed")
    assert code(lambda: s3.copy_object(**named, CopySourceIfMatch=seen)) == "PreconditionFailed"
    assert s3.get_object(Bucket=BUCKET, Key="to")["Body"].read() == b"seen"


def test_only_what_was_seen_is_deleted(s3: Any) -> None:
    seen = s3.put_object(Bucket=BUCKET, Key="n", Body=b"seen")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="n", Body=b"changed")
    refused = code(lambda: s3.delete_object(Bucket=BUCKET, Key="n", IfMatch=seen))
    assert refused == "PreconditionFailed"
    assert s3.get_object(Bucket=BUCKET, Key="n")["Body"].read() == b"changed"
    changed = s3.head_object(Bucket=BUCKET, Key="n")["ETag"]
    s3.delete_object(Bucket=BUCKET, Key="n", IfMatch=changed)
    assert code(lambda: s3.head_object(Bucket=BUCKET, Key="n")) == "404"


def test_many_are_deleted_in_one_call_but_for_those_that_changed(s3: Any) -> None:
    etags = {key: s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())["ETag"] for key in "abc"}
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"changed")
    objects = [{"Key": key, "ETag": etag} for key, etag in etags.items()]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("b", "PreconditionFailed")]
    assert sorted(each["Key"] for each in answer["Deleted"]) == ["a", "c"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["b"]


def test_a_thousand_are_deleted_in_one_call(s3: Any) -> None:
    keys = [f"many/{number:04}" for number in range(1000)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: s3.put_object(Bucket=BUCKET, Key=key, Body=b"1"), keys))
    objects = [{"Key": key} for key in keys]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    assert sorted(each["Key"] for each in answer["Deleted"]) == keys
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
