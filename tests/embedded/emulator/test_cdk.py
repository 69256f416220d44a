"""The real `cdk` and the real app: bootstrap, deploy, diff, change, destroy."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.embedded.cdk import Cdk, left_behind
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]


@pytest.fixture(scope="module")
def cdk(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    return Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))


def bundle(emulator: RunningEmulator, environment: dict[str, Any]) -> dict[str, str]:
    """The versions of the objects in the Airflow bucket, by key."""
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    listed = emulator.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    return {item["Key"]: item["VersionId"] for item in listed if item["IsLatest"]}


def test_the_app_is_deployed_changed_and_destroyed(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    bootstrapped = left_behind(emulator)
    assert bootstrapped["stacks"] == ["CDKToolkit"]

    cdk.deploy()
    environment = mwaa.environments["lake-dev"]
    assert environment["Status"] == "AVAILABLE"
    assert "Number of stacks with differences: 0" in cdk.diff()

    began = time.monotonic()
    assert cdk.deploy().count("(no changes)") == 4
    print(f"a deployment without a change took {time.monotonic() - began:.1f} s")
    assert (len(mwaa.sent("PUT")), mwaa.sent("PATCH")) == (1, [])

    written = bundle(emulator, environment)
    cdk.append("dags/lake/__init__.py", "# changed\n")
    assert "Number of stacks with differences: 1" in cdk.diff()
    cdk.deploy()
    assert mwaa.sent("PATCH") == []  # a DAG is synced, the environment untouched
    changed = bundle(emulator, environment)
    assert {key for key in written if changed[key] != written[key]} == {"dags/lake/__init__.py"}

    version = environment["StartupScriptS3ObjectVersion"]
    cdk.append("requirements/startup.sh", "# changed\n")
    cdk.deploy()
    assert len(mwaa.sent("PATCH")) == 1
    assert environment["StartupScriptS3ObjectVersion"] != version

    emulator.kill_and_start()
    assert "Number of stacks with differences: 0" in cdk.diff()
    s3 = emulator.client("s3")
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    for part in ("Plugins", "Requirements", "StartupScript"):
        read = s3.get_object(
            Bucket=bucket,
            Key=environment[f"{part}S3Path"],
            VersionId=environment[f"{part}S3ObjectVersion"],
        )
        assert read["ContentLength"] == len(read["Body"].read())
    s3.put_object(Bucket=bucket, Key="dags/written-since.py", Body=b"")

    cdk.destroy()
    assert left_behind(emulator) == bootstrapped
    assert mwaa.environments == {}


def test_a_failure_is_printed_with_its_reason_and_mended_by_the_next_deployment(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    bootstrapped = left_behind(emulator)
    mwaa.create_error = "requirements could not be installed: pandas==1 contradicts pandas==2"
    assert mwaa.create_error in cdk.deploy(succeeds=False)
    assert mwaa.environments == {}
    mwaa.create_error = None
    cdk.deploy()
    before = mwaa.environments["lake-dev"]["RequirementsS3Path"]
    mwaa.update_error = "the requirements could not be installed"
    cdk.append("requirements/requirements.txt", "# changed\n")
    assert mwaa.update_error in cdk.deploy(succeeds=False)
    mwaa.update_error = None
    cdk.deploy()
    assert mwaa.environments["lake-dev"]["RequirementsS3Path"] != before
    cdk.destroy()
    assert left_behind(emulator) == bootstrapped
