"""What differs between a bucket and a folder, by content; what is written, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.sync.mirror import DagsMirror, Difference

BUCKET = "the-airflow-bucket"
FILES = {"a_b.py": "# airflow dag", "lake/tasks.py": "x = 1\n", "datasets/a/b.yaml": "owner: me\n"}


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


class Watched:
    """A client whose calls are noted, and which dies before one of its writes."""

    def __init__(self, s3: Any, *, dies_before_write: int | None = None) -> None:
        self._s3 = s3
        self._left = dies_before_write
        self.called: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._s3, name)

        def call(**arguments: Any) -> Any:
            if name in {"put_object", "delete_object"} and self._left is not None:
                if not self._left:
                    raise KeyboardInterrupt
                self._left -= 1
            self.called.append((name, arguments.get("Key", "")))
            return method(**arguments)

        return method if name == "get_paginator" else call

    def keys_of(self, name: str) -> list[str]:
        return [key for called, key in self.called if called == name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "dags" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "dags"


def mirror(s3: Any, folder: Path) -> DagsMirror:
    return DagsMirror(s3=s3, bucket=BUCKET, prefix="dags/", folder=folder)


def deployed(s3: Any, **more: str) -> None:
    """Objects as a deploy leaves them: without a checksum of SHA-256."""
    for name, text in {**FILES, **more}.items():
        s3.put_object(Bucket=BUCKET, Key=f"dags/{name}", Body=text.encode())


def test_an_empty_bucket_gets_everything_and_then_there_is_nothing_to_do(
    s3: Any, folder: Path
) -> None:
    first = mirror(s3, folder).difference()
    assert first == Difference(added=tuple(sorted(FILES)))

    mirror(s3, folder).apply(first)

    assert not mirror(s3, folder).difference()
    read = s3.get_object(Bucket=BUCKET, Key="dags/a_b.py")
    assert (read["Body"].read().decode(), read["ContentType"]) == (FILES["a_b.py"], "text/x-python")


def test_what_a_deploy_uploaded_is_compared_by_its_bytes(s3: Any, folder: Path) -> None:
    deployed(s3)
    assert not mirror(s3, folder).difference()

    (folder / "lake" / "tasks.py").write_text("x = 2\n")  # of the same size
    (folder / "a_b.py").write_text("# airflow dag, longer")

    assert mirror(s3, folder).difference() == Difference(changed=("a_b.py", "lake/tasks.py"))


def test_what_a_sync_uploaded_is_compared_without_reading_it(s3: Any, folder: Path) -> None:
    mirror(s3, folder).apply(mirror(s3, folder).difference())
    (folder / "lake" / "tasks.py").write_text("x = 2\n")
    watched = Watched(s3)

    assert mirror(watched, folder).difference() == Difference(changed=("lake/tasks.py",))
    assert watched.keys_of("get_object") == []


def test_an_etag_that_is_no_md5_says_nothing(s3: Any, folder: Path) -> None:
    """As under a key of KMS: the same content, another ETag."""
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="dags/a_b.py")["UploadId"]
    deployed(s3)
    part = {"Bucket": BUCKET, "Key": "dags/a_b.py", "UploadId": upload, "PartNumber": 1}
    etag = s3.upload_part(**part, Body=FILES["a_b.py"].encode())["ETag"]
    parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="dags/a_b.py", UploadId=upload, MultipartUpload=parts
    )

    assert not mirror(s3, folder).difference()


def test_what_went_gets_a_delete_marker_and_nothing_outside_of_dags_is_touched(
    s3: Any, folder: Path
) -> None:
    deployed(s3, **{"old.py": "# old", "datasets/a/old.yaml": "old"})
    others = ("plugins/p.zip", "requirements/r.txt", "startup/s.sh", "dagsx")
    for key in others:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"of the environment")
    watched = Watched(s3)

    difference = mirror(watched, folder).difference()
    mirror(watched, folder).apply(difference)

    assert difference == Difference(deleted=("datasets/a/old.yaml", "old.py"))
    assert watched.keys_of("delete_object") == ["dags/old.py", "dags/datasets/a/old.yaml"]
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert {m["Key"] for m in listed["DeleteMarkers"]} == {
        "dags/old.py",
        "dags/datasets/a/old.yaml",
    }
    assert {v["Key"] for v in listed["Versions"] if not v["IsLatest"]} == {
        "dags/old.py",
        "dags/datasets/a/old.yaml",
    }
    assert {v["Key"] for v in listed["Versions"]} >= set(others)


def test_only_what_changed_is_written(s3: Any, folder: Path) -> None:
    deployed(s3)
    (folder / "datasets" / "a" / "b.yaml").write_text("owner: you\n")
    watched = Watched(s3)

    mirror(watched, folder).apply(mirror(watched, folder).difference())

    assert watched.keys_of("put_object") == ["dags/datasets/a/b.yaml"]


def test_a_dag_file_is_written_after_what_it_imports(s3: Any, folder: Path) -> None:
    watched = Watched(s3)

    mirror(watched, folder).apply(mirror(watched, folder).difference())

    assert watched.keys_of("put_object")[-1] == "dags/a_b.py"


def test_killed_before_any_write_a_second_run_finishes(s3: Any, folder: Path) -> None:
    for writes in range(4):
        for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
            s3.delete_object(Bucket=BUCKET, Key=version["Key"])
        s3.put_object(Bucket=BUCKET, Key="dags/old.py", Body=b"old")
        dying = mirror(Watched(s3, dies_before_write=writes), folder)
        with pytest.raises(KeyboardInterrupt):
            dying.apply(dying.difference())

        second = mirror(s3, folder)
        assert second.difference()
        second.apply(second.difference())

        assert not mirror(s3, folder).difference()


def test_a_folder_that_the_console_made_is_no_file(s3: Any, folder: Path) -> None:
    deployed(s3)
    s3.put_object(Bucket=BUCKET, Key="dags/", Body=b"")

    assert not mirror(s3, folder).difference()
