"""Bundle deployments: what CDK's function does, without the function."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.embedded.running import RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

ASSETS, TARGET = "the-assets", "the-target"


def archive(files: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def s3(emulator: RunningEmulator) -> Any:
    client = emulator.client("s3")
    for bucket in (ASSETS, TARGET):
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    yield client
    for bucket in (ASSETS, TARGET):
        found = client.list_object_versions(Bucket=bucket)
        for version in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        client.delete_bucket(Bucket=bucket)


def deployment(*keys: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "Custom::CDKBucketDeployment",
        "Properties": {
            "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:never-run",
            "SourceBucketNames": [ASSETS] * len(keys),
            "SourceObjectKeys": list(keys),
            "DestinationBucketName": TARGET,
            "DestinationBucketArn": f"arn:aws:s3:::{TARGET}",
            **properties,
        },
    }


def content(s3: Any) -> dict[str, str]:
    listed = s3.list_objects_v2(Bucket=TARGET).get("Contents", [])
    keys = [item["Key"] for item in listed]
    return {k: s3.get_object(Bucket=TARGET, Key=k)["Body"].read().decode() for k in keys}


def versions(s3: Any) -> dict[str, str]:
    found = s3.list_object_versions(Bucket=TARGET).get("Versions", [])
    return {item["Key"]: item["VersionId"] for item in found if item["IsLatest"]}


def test_an_archive_is_unpacked_below_its_prefix(emulator: RunningEmulator, s3: Any) -> None:
    s3.put_object(Bucket=ASSETS, Key="a.zip", Body=archive({"one.py": "1", "lib/two.py": "2"}))
    stack = Stack(emulator, "unpacked")
    assert stack.deploy({"D": deployment("a.zip", DestinationBucketKeyPrefix="dags/")}) == (
        "CREATE_COMPLETE"
    )
    assert content(s3) == {"dags/one.py": "1", "dags/lib/two.py": "2"}
    assert s3.head_object(Bucket=TARGET, Key="dags/one.py")["ContentType"] == "text/x-python"
    stack.delete()


def test_only_what_changed_is_written_again_and_what_went_is_pruned(
    emulator: RunningEmulator, s3: Any
) -> None:
    stack = Stack(emulator, "changed")
    s3.put_object(Bucket=TARGET, Key="plugins/other", Body=b"not ours")
    s3.put_object(Bucket=ASSETS, Key="a.zip", Body=archive({"same": "1", "old": "2", "went": "3"}))
    stack.deploy({"D": deployment("a.zip", DestinationBucketKeyPrefix="dags")})
    before = versions(s3)
    s3.put_object(
        Bucket=ASSETS, Key="b.zip", Body=archive({"same": "1", "old": "new", "more": "4"})
    )
    assert stack.deploy({"D": deployment("b.zip", DestinationBucketKeyPrefix="dags")}) == (
        "UPDATE_COMPLETE"
    )
    assert content(s3) == {
        "dags/same": "1",
        "dags/old": "new",
        "dags/more": "4",
        "plugins/other": "not ours",
    }
    after = versions(s3)
    assert after["dags/same"] == before["dags/same"]
    assert after["dags/old"] != before["dags/old"]
    stack.delete()


def test_without_pruning_what_went_stays(emulator: RunningEmulator, s3: Any) -> None:
    stack = Stack(emulator, "unpruned")
    for key, files in (("a.zip", {"old": "1"}), ("b.zip", {"new": "2"})):
        s3.put_object(Bucket=ASSETS, Key=key, Body=archive(files))
        stack.deploy({"D": deployment(key, Prune=False)})
    assert content(s3) == {"old": "1", "new": "2"}
    stack.delete()


def test_an_asset_is_copied_as_it_is_and_its_version_reported(
    emulator: RunningEmulator, s3: Any
) -> None:
    s3.put_object(Bucket=ASSETS, Key="in/f1.txt", Body=b"first")
    s3.put_object(Bucket=ASSETS, Key="in/f2.zip", Body=b"second")
    stack = Stack(emulator, "copied")
    resource = deployment(
        "in/f1.txt",
        "in/f2.zip",
        Extract=False,
        Prune=False,
        DestinationBucketKeyPrefix="requirements/",
        OutputObjectVersionIds=True,
    )
    outputs: dict[str, Any] = {
        f"{name}{index}": {"Fn::Select": [index, {"Fn::GetAtt": ["D", f"Source{name}"]}]}
        for name in ("ObjectKeys", "ObjectVersionIds")
        for index in (0, 1)
    }
    outputs["Bucket"] = {"Fn::GetAtt": ["D", "DestinationBucketArn"]}
    assert stack.deploy({"D": resource}, outputs) == "CREATE_COMPLETE"
    assert content(s3) == {"requirements/f1.txt": "first", "requirements/f2.zip": "second"}
    now = versions(s3)
    assert stack.outputs() == {
        "ObjectKeys0": "in/f1.txt",
        "ObjectKeys1": "in/f2.zip",
        "ObjectVersionIds0": now["requirements/f1.txt"],
        "ObjectVersionIds1": now["requirements/f2.zip"],
        "Bucket": f"arn:aws:s3:::{TARGET}",
    }
    changed = {**resource, "Properties": {**resource["Properties"], "Description": "again"}}
    assert stack.deploy({"D": changed}, outputs) == "UPDATE_COMPLETE"
    assert versions(s3) == now
    stack.delete()


def test_filters_leave_files_out_of_copying_and_of_pruning(
    emulator: RunningEmulator, s3: Any
) -> None:
    s3.put_object(Bucket=TARGET, Key="kept.log", Body=b"excluded, so not pruned")
    files = {"a.txt": "1", "b.log": "2", "c.keep.log": "3"}
    s3.put_object(Bucket=ASSETS, Key="a.zip", Body=archive(files))
    stack = Stack(emulator, "filtered")
    stack.deploy({"D": deployment("a.zip", Exclude=["*.log"], Include=["*.keep.log"])})
    assert sorted(content(s3)) == ["a.txt", "c.keep.log", "kept.log"]
    stack.delete()


def test_markers_are_replaced(emulator: RunningEmulator, s3: Any) -> None:
    s3.put_object(Bucket=ASSETS, Key="a.zip", Body=archive({"settings": "bucket=<<marker>>"}))
    stack = Stack(emulator, "markers")
    markers = [{"<<marker>>": {"Ref": "AWS::Region"}}]
    stack.deploy({"D": deployment("a.zip", SourceMarkers=markers)})
    assert content(s3) == {"settings": "bucket=us-east-1"}
    stack.delete()


@pytest.mark.parametrize(("retain", "left"), [(True, {"dags/f": "1"}), (False, {})])
def test_a_deleted_deployment_leaves_what_it_retains(
    emulator: RunningEmulator, s3: Any, retain: bool, left: dict[str, str]
) -> None:
    s3.put_object(Bucket=ASSETS, Key="a.zip", Body=archive({"f": "1"}))
    stack = Stack(emulator, f"retained-{str(retain).lower()}")
    stack.deploy(
        {"D": deployment("a.zip", RetainOnDelete=retain, DestinationBucketKeyPrefix="dags")}
    )
    assert stack.delete() == "DELETE_COMPLETE"
    assert content(s3) == left


def test_a_missing_asset_fails_the_deployment(emulator: RunningEmulator, s3: Any) -> None:
    del s3
    stack = Stack(emulator, "no-asset")
    assert stack.deploy({"D": deployment("nothing.zip")}) == "ROLLBACK_COMPLETE"
    assert any("NoSuchKey" in reason for reason in stack.failures())


def test_a_bucket_is_emptied_with_its_versions_before_it_is_deleted(
    emulator: RunningEmulator,
) -> None:
    stack, s3 = Stack(emulator, "emptied"), emulator.client("s3")
    assert (
        stack.deploy(
            {
                "Bucket": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {
                        "BucketName": "emptied",
                        "VersioningConfiguration": {"Status": "Enabled"},
                        "Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}],
                    },
                },
                "Empty": {
                    "Type": "Custom::S3AutoDeleteObjects",
                    "Properties": {"ServiceToken": "x", "BucketName": {"Ref": "Bucket"}},
                },
            }
        )
        == "CREATE_COMPLETE"
    )
    with ThreadPoolExecutor(8) as threads:
        for number in range(1010):  # more than a page
            threads.submit(s3.put_object, Bucket="emptied", Key=f"k{number % 900}", Body=b"x")
    s3.delete_object(Bucket="emptied", Key="k0")
    assert stack.delete() == "DELETE_COMPLETE"
    assert "emptied" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
