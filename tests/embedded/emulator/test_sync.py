"""The comparison of `lake sync` on a bucket that is versioned and encrypted with a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.sync.mirror import DagsMirror, Difference, sha256
from tests.embedded.running import RunningEmulator

pytestmark = pytest.mark.embedded

BUCKET = "synced"


@pytest.fixture
def s3(emulator: RunningEmulator) -> Iterator[Any]:
    client = emulator.client("s3", max_pool_connections=10)
    client.create_bucket(Bucket=BUCKET)
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    sse = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": sse, "BucketKeyEnabled": True}
    client.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    yield client
    found = client.list_object_versions(Bucket=BUCKET)
    for version in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
        client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


def test_a_folder_is_brought_changed_and_taken_away(s3: Any, tmp_path: Path) -> None:
    def mirror() -> DagsMirror:
        return DagsMirror(s3=s3, bucket=BUCKET, prefix="dags/", folder=tmp_path)

    s3.put_object(Bucket=BUCKET, Key="plugins/p.zip", Body=b"of the environment")
    s3.put_object(Bucket=BUCKET, Key="dags/deployed.py", Body=b"same")
    (tmp_path / "deployed.py").write_bytes(b"same")
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "new.py").write_bytes(b"one")

    assert mirror().difference() == Difference(added=("lake/new.py",))
    mirror().apply(mirror().difference())
    head = s3.head_object(Bucket=BUCKET, Key="dags/lake/new.py", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == sha256(b"one")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert not mirror().difference()

    (tmp_path / "lake" / "new.py").write_bytes(b"two")
    (tmp_path / "deployed.py").unlink()
    wanted = Difference(changed=("lake/new.py",), deleted=("deployed.py",))
    assert mirror().difference() == wanted
    mirror().apply(wanted)

    assert not mirror().difference()
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert [marker["Key"] for marker in listed["DeleteMarkers"]] == ["dags/deployed.py"]
    old = [version["Key"] for version in listed["Versions"] if not version["IsLatest"]]
    assert sorted(old) == ["dags/deployed.py", "dags/lake/new.py"]
    assert s3.get_object(Bucket=BUCKET, Key="plugins/p.zip")["Body"].read() == b"of the environment"
