"""S3: objects larger than memory should hold are read, written and copied by their files."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.embedded.running import RunningEmulator

pytestmark = pytest.mark.embedded

BUCKET = "large"
MIB = 1 << 20
SIZE = 80 * MIB
PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=2)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "source"
    piece = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + piece[8:])
    return path


@pytest.fixture
def s3(emulator: RunningEmulator) -> Iterator[Any]:
    client = emulator.client("s3", max_pool_connections=16)
    client.create_bucket(Bucket=BUCKET)
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=BUCKET, Key=item["Key"], VersionId=item["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


class Memory:
    """The most memory of its own that the embedded AWS took in a block."""

    def __init__(self, emulator: RunningEmulator) -> None:
        assert emulator.process is not None
        self._status = Path(f"/proc/{emulator.process.pid}/status")
        self._over = threading.Event()
        self.grown_mib = 0

    def _own_mib(self) -> int:
        lines = self._status.read_text().splitlines()
        (line,) = [line for line in lines if line.startswith("RssAnon")]
        return int(line.split()[1]) // 1024

    def __enter__(self) -> Memory:
        before = self._own_mib()

        def watch() -> None:
            while not self._over.wait(0.01):
                self.grown_mib = max(self.grown_mib, self._own_mib() - before)

        self._thread = threading.Thread(target=watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def digest(read: Callable[[int], bytes]) -> str:
    hashed = hashlib.sha256()
    while piece := read(MIB):
        hashed.update(piece)
    return hashed.hexdigest()


def test_a_large_object_takes_no_memory(emulator: RunningEmulator, s3: Any, source: Path) -> None:
    with source.open("rb") as file:
        expected = digest(file.read)
    with Memory(emulator) as written:
        s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    head = s3.head_object(Bucket=BUCKET, Key="a")
    assert (head["ContentLength"], head["ETag"][-4:]) == (SIZE, '-16"')
    with Memory(emulator) as read:
        assert digest(s3.get_object(Bucket=BUCKET, Key="a")["Body"].read) == expected
        named = {"Bucket": BUCKET, "Key": "a", "VersionId": head["VersionId"]}
        assert digest(s3.get_object(**named)["Body"].read) == expected
    with Memory(emulator) as copied:
        s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
        s3.copy({"Bucket": BUCKET, "Key": "a"}, BUCKET, "c", Config=PARTS)
    for key in "bc":
        assert digest(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read) == expected
    assert max(written.grown_mib, read.grown_mib, copied.grown_mib) < 60


@pytest.mark.parametrize("by_version", [True, False])
def test_ranges_of_a_large_object_are_read_at_once(
    emulator: RunningEmulator, s3: Any, source: Path, by_version: bool
) -> None:
    s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    version = s3.head_object(Bucket=BUCKET, Key="a")["VersionId"]
    named = {"VersionId": version} if by_version else {}

    def read(number: int) -> bytes:
        start = number * 7 * MIB
        wanted = f"bytes={start}-{start + 7 * MIB - 1}"
        body: bytes = s3.get_object(Bucket=BUCKET, Key="a", Range=wanted, **named)["Body"].read()
        return body

    with Memory(emulator) as memory, ThreadPoolExecutor(4) as threads:
        ranges = list(threads.map(read, range(SIZE // (7 * MIB) + 1)))
    assert b"".join(ranges) == source.read_bytes()
    assert memory.grown_mib < 60


def test_an_object_is_replaced_while_it_is_read(s3: Any, source: Path) -> None:
    s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    body = s3.get_object(Bucket=BUCKET, Key="a")["Body"]
    first = body.read(MIB)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"new")
    assert first + body.read() == source.read_bytes()
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"new"


def test_an_older_version_that_is_current_again_keeps_its_content(s3: Any, source: Path) -> None:
    s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    newer = s3.put_object(Bucket=BUCKET, Key="a", Body=b"new")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=newer)
    with source.open("rb") as file:
        assert digest(s3.get_object(Bucket=BUCKET, Key="a")["Body"].read) == digest(file.read)


def test_a_copy_survives_what_happens_to_its_source(s3: Any, source: Path) -> None:
    s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    s3.copy_object(
        Bucket=BUCKET,
        Key="a",
        CopySource={"Bucket": BUCKET, "Key": "a"},
        MetadataDirective="REPLACE",
        Metadata={"its": "own"},
    )
    assert s3.head_object(Bucket=BUCKET, Key="a")["Metadata"] == {"its": "own"}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix="a"):
        for version in page["Versions"]:
            s3.delete_object(Bucket=BUCKET, Key="a", VersionId=version["VersionId"])
    with source.open("rb") as file:
        assert digest(s3.get_object(Bucket=BUCKET, Key="b")["Body"].read) == digest(file.read)


def test_an_upload_with_a_missing_part_is_refused_and_can_be_given_up(
    emulator: RunningEmulator, s3: Any
) -> None:
    made = s3.create_multipart_upload(Bucket=BUCKET, Key="a")["UploadId"]
    named = {"Bucket": BUCKET, "Key": "a", "UploadId": made}
    etags = [
        s3.upload_part(**named, PartNumber=number, Body=bytes([number]) * (9 * MIB))["ETag"]
        for number in (1, 2)
    ]
    for wrong in ([(1, etags[0]), (3, etags[1])], [(1, etags[1]), (2, etags[0])]):
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in wrong]
        with pytest.raises(ClientError, match="InvalidPart"):
            s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    folder = emulator.folder / "state" / "s3-uploads"
    assert [path.name for path in folder.iterdir()] == [made]
    s3.abort_multipart_upload(**named)
    assert list(folder.iterdir()) == []
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.complete_multipart_upload(**named, MultipartUpload={"Parts": []})


def test_a_large_object_survives_a_kill(own_emulator: RunningEmulator, source: Path) -> None:
    s3 = own_emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(source), BUCKET, "a", Config=PARTS)
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    started = time.monotonic()
    own_emulator.kill_and_start()
    assert time.monotonic() - started < 20
    for key in "ab":
        with source.open("rb") as file:
            assert digest(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read) == digest(file.read)
