"""What was acknowledged survives `kill -9`; what was interrupted is brought to rest."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, Keys, RunningEmulator, free_port
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

ENDS = (signal.SIGKILL, signal.SIGTERM)


def restart(emulator: RunningEmulator, end: signal.Signals = signal.SIGKILL) -> None:
    emulator.end(end)
    emulator.start()


def trust_root(iam: Any, name: str) -> str:
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


@pytest.mark.parametrize("end", ENDS)
def test_every_acknowledged_write_of_the_control_plane_survives(
    own_emulator: RunningEmulator, end: signal.Signals
) -> None:
    emulator = own_emulator
    s3, glue, iam = (emulator.client(name) for name in ("s3", "glue", "iam"))
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    glue.create_database(DatabaseInput={"Name": "kept"})
    glue.create_table(DatabaseName="kept", TableInput={"Name": "kept"})
    trust_root(iam, "kept")
    emulator.client("ssm").put_parameter(Name="kept", Value="1", Type="String")
    athena = emulator.client("athena")
    athena.create_work_group(Name="kept")
    query = {"Name": "kept", "Database": "kept", "QueryString": "SELECT 1", "WorkGroup": "kept"}
    query_id = athena.create_named_query(**query)["NamedQueryId"]
    emulator.client("logs").create_log_group(logGroupName="kept")
    key = emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]
    address = emulator.client("ec2").allocate_address()["PublicIp"]
    restart(emulator, end)
    assert athena.get_named_query(NamedQueryId=query_id)["NamedQuery"].items() >= query.items()
    assert s3.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    assert glue.get_table(DatabaseName="kept", Name="kept")["Table"]["Name"] == "kept"
    assert iam.get_role(RoleName="kept")["Role"]["RoleName"] == "kept"
    assert emulator.client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "1"
    assert emulator.client("athena").get_work_group(WorkGroup="kept")
    groups = emulator.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["kept"]
    assert emulator.client("kms").describe_key(KeyId=key)
    addresses = emulator.client("ec2").describe_addresses()["Addresses"]
    assert [item["PublicIp"] for item in addresses] == [address]


def test_the_last_write_before_a_kill_survives(own_emulator: RunningEmulator) -> None:
    """Writes until the process is killed under it: each that was acknowledged is there."""
    glue = own_emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": "written"})
    acknowledged = []

    def write() -> None:
        for number in range(10_000):
            try:
                glue.create_table(DatabaseName="written", TableInput={"Name": f"t{number}"})
            except BotoCoreError:
                return
            acknowledged.append(f"t{number}")

    writing = threading.Thread(target=write)
    writing.start()
    while len(acknowledged) < 10:
        time.sleep(0.01)
    own_emulator.end(signal.SIGKILL)
    writing.join()
    own_emulator.start()
    pages = glue.get_paginator("get_tables").paginate(DatabaseName="written")
    found = {table["Name"] for page in pages for table in page["TableList"]}
    assert set(acknowledged) <= found


def test_what_was_deleted_stays_deleted(own_emulator: RunningEmulator) -> None:
    s3, glue = own_emulator.client("s3"), own_emulator.client("glue")
    s3.create_bucket(Bucket="deleted")
    s3.put_object(Bucket="deleted", Key="a/b", Body=b"1")
    s3.delete_object(Bucket="deleted", Key="a/b")
    s3.delete_bucket(Bucket="deleted")
    glue.create_database(DatabaseInput={"Name": "deleted"})
    glue.delete_database(Name="deleted")
    stack = Stack(own_emulator, "deleted")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-a-stack"}}
    stack.deploy({"Bucket": bucket})
    stack.delete()
    restart(own_emulator)
    assert s3.list_buckets()["Buckets"] == []
    assert glue.get_databases()["DatabaseList"] == []
    assert not stack.exists()


def test_sessions_survive_and_expire(own_emulator: RunningEmulator) -> None:
    arn = trust_root(own_emulator.client("iam"), "session")
    keys = own_emulator.assume(arn)
    sts = own_emulator.client("sts", parameter_validation=False)
    short = sts.assume_role(RoleArn=arn, RoleSessionName="short", DurationSeconds=1)["Credentials"]
    restart(own_emulator)
    identity = own_emulator.client("sts", keys).get_caller_identity()
    assert identity["Arn"].endswith("assumed-role/session/AmazonMWAA-airflow")
    time.sleep(1)
    ended = Keys(short["AccessKeyId"], short["SecretAccessKey"], short["SessionToken"])
    with pytest.raises(ClientError):
        own_emulator.client("sts", ended).get_caller_identity()
    assert own_emulator.client("sts", keys).get_caller_identity()


def test_versions_and_markers_of_objects_survive(own_emulator: RunningEmulator) -> None:
    s3 = own_emulator.client("s3")
    s3.create_bucket(Bucket="objects")
    s3.put_bucket_versioning(Bucket="objects", VersioningConfiguration={"Status": "Enabled"})
    first, second = (
        s3.put_object(Bucket="objects", Key="a/f.txt", Body=body, Metadata={"n": "1"})["VersionId"]
        for body in (b"first", b"second")
    )
    s3.put_object(Bucket="objects", Key="hidden", Body=b"1")
    marker = s3.delete_object(Bucket="objects", Key="hidden")["VersionId"]
    before = s3.list_object_versions(Bucket="objects")
    restart(own_emulator)
    after = s3.list_object_versions(Bucket="objects")
    for kind in ("Versions", "DeleteMarkers"):
        assert after[kind] == before[kind]
    assert after["DeleteMarkers"][0]["VersionId"] == marker
    for version, body in ((first, b"first"), (second, b"second")):
        read = s3.get_object(Bucket="objects", Key="a/f.txt", VersionId=version)
        assert read["Body"].read() == body
        assert read["Metadata"] == {"n": "1"}
    assert s3.get_object(Bucket="objects", Key="a/f.txt")["VersionId"] == second


def test_an_object_is_whole_whenever_the_process_is_killed(own_emulator: RunningEmulator) -> None:
    """Overwrites an object until the kill: the one that is read agrees with its ETag and size."""
    s3 = own_emulator.client("s3")
    s3.create_bucket(Bucket="torn")
    s3.put_bucket_versioning(Bucket="torn", VersioningConfiguration={"Status": "Enabled"})
    acknowledged: list[int] = []

    def write() -> None:
        for number in range(10_000):
            try:
                s3.put_object(Bucket="torn", Key="file", Body=str(number).encode() * 50_000)
            except BotoCoreError:
                return
            acknowledged.append(number)

    for round_ in range(3):
        acknowledged.clear()
        writing = threading.Thread(target=write)
        writing.start()
        while len(acknowledged) < 5 + round_:
            time.sleep(0.005)
        own_emulator.end(signal.SIGKILL)
        writing.join()
        own_emulator.start()
        read = s3.get_object(Bucket="torn", Key="file")
        number = int(read["Body"].read().decode()[: len(str(acknowledged[-1]))])
        assert number >= acknowledged[-1]
        for version in s3.list_object_versions(Bucket="torn")["Versions"]:
            whole = s3.get_object(Bucket="torn", Key="file", VersionId=version["VersionId"])
            assert len(whole["Body"].read()) == version["Size"]


@contextmanager
def full_disk(emulator: RunningEmulator) -> Iterator[None]:
    """Let no file of the embedded AWS grow beyond what the largest of its state has."""
    assert emulator.process is not None
    pid = emulator.process.pid
    largest = max(path.stat().st_size for path in (emulator.folder / "state").glob("*.sqlite*"))
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_state_that_cannot_be_saved_is_not_acknowledged(own_emulator: RunningEmulator) -> None:
    glue = own_emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": "saved"})
    with full_disk(own_emulator):
        with pytest.raises(ClientError) as refused:
            glue.create_database(DatabaseInput={"Name": "unsaved", "Description": "x" * 2000})
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "could not save" in str(refused.value)
        with pytest.raises(ClientError):  # nor is anything else, until it is saved
            glue.get_database(Name="unsaved")
    assert glue.get_database(Name="unsaved")
    restart(own_emulator)
    assert glue.get_database(Name="unsaved")


def test_an_object_that_cannot_be_written_is_not_acknowledged(
    own_emulator: RunningEmulator,
) -> None:
    s3 = own_emulator.client("s3")
    s3.create_bucket(Bucket="refused")
    s3.put_object(Bucket="refused", Key="a", Body=b"1")
    with full_disk(own_emulator), pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="refused", Key="b", Body=bytes(8 << 20))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "S3 PUT /refused/b: the embedded AWS could not save" in own_emulator.log
    restart(own_emulator)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="refused")["Contents"]] == ["a"]


def test_a_second_process_is_refused_the_state(own_emulator: RunningEmulator) -> None:
    second = own_emulator.spawn(LAKE_AWS_PORT=str(free_port()))
    _, message = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "another embedded AWS uses" in message.decode()
    assert own_emulator.client("s3").list_buckets()


def test_a_state_that_cannot_be_read_is_not_overwritten(own_emulator: RunningEmulator) -> None:
    glue = own_emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": "kept"})
    own_emulator.end(signal.SIGKILL)
    state = sqlite3.connect(own_emulator.folder / "state" / "control-plane.sqlite")
    (saved,) = state.execute("SELECT state FROM service_state WHERE service = 'glue'").fetchone()
    replace = "UPDATE service_state SET state = ? WHERE service = 'glue'"
    with state:
        state.execute(replace, ('{"databases": 7',))
    state.close()
    refused = own_emulator.spawn()
    _, message = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert "the saved state of glue cannot be read" in message.decode()
    state = sqlite3.connect(own_emulator.folder / "state" / "control-plane.sqlite")
    with state:
        state.execute(replace, (saved,))
    state.close()
    own_emulator.start()
    assert glue.get_database(Name="kept")


def environment(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::MWAA::Environment", "Properties": {"Name": name, **properties}}


BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "with-environment"}}


def deploy_and_kill(
    emulator: RunningEmulator, stack: Stack, resources: Any, *, when: Callable[[], bool]
) -> None:
    """Begin a deployment, and kill the embedded AWS as soon as `when` holds."""

    def attempt() -> None:
        with pytest.raises((BotoCoreError, ClientError)):
            stack.deploy(resources)

    deploying = threading.Thread(target=attempt)
    deploying.start()
    while not when():
        time.sleep(0.01)
    time.sleep(0.2)
    emulator.end(signal.SIGKILL)
    deploying.join()


def test_a_create_that_was_killed_is_rolled_back_and_can_be_repeated(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa
) -> None:
    own_mwaa.create_seconds = 3.0
    stack = Stack(own_emulator, "interrupted")
    resources = {"Bucket": BUCKET, "Environment": environment("lake") | {"DependsOn": "Bucket"}}
    deploy_and_kill(own_emulator, stack, resources, when=lambda: "lake" in own_mwaa.environments)
    own_mwaa.create_seconds = 0.2
    own_emulator.start()
    assert stack.settled() == "ROLLBACK_COMPLETE"
    assert own_mwaa.environments == {}
    assert own_emulator.client("s3").list_buckets()["Buckets"] == []
    stack.delete()
    assert stack.deploy(resources) == "CREATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"


def test_an_update_that_was_killed_is_rolled_back_and_can_be_repeated(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa
) -> None:
    stack = Stack(own_emulator, "interrupted")
    old = {"Environment": environment("lake", EnvironmentClass="mw1.micro")}
    new = {
        "Bucket": BUCKET,
        "Environment": environment("lake", EnvironmentClass="mw1.small") | {"DependsOn": "Bucket"},
    }
    assert stack.deploy(old) == "CREATE_COMPLETE"
    own_mwaa.create_seconds = 3.0
    lake = own_mwaa.environments["lake"]
    deploy_and_kill(own_emulator, stack, new, when=lambda: lake["Status"] == "UPDATING")
    own_mwaa.create_seconds = 0.2
    own_emulator.start()
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert lake["EnvironmentClass"] == "mw1.micro"
    assert own_emulator.client("s3").list_buckets()["Buckets"] == []
    template = stack.api.get_template(StackName=stack.name)["TemplateBody"]
    assert template["Resources"] == old
    assert stack.deploy(new) == "UPDATE_COMPLETE"
    assert lake["EnvironmentClass"] == "mw1.small"
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_delete_that_was_killed_goes_on(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa
) -> None:
    stack = Stack(own_emulator, "interrupted")
    stack.deploy({"Bucket": BUCKET, "Environment": environment("lake") | {"DependsOn": "Bucket"}})
    stack_id = stack.describe()["StackId"]
    own_mwaa.create_seconds = 4.0
    stack.api.delete_stack(StackName=stack.name)
    restart(own_emulator)
    assert stack.settled(stack_id) == "DELETE_COMPLETE"
    assert own_mwaa.environments == {}
    assert own_emulator.client("s3").list_buckets()["Buckets"] == []


def test_files_of_a_bucket_that_was_never_acknowledged_are_dropped(
    own_emulator: RunningEmulator,
) -> None:
    own_emulator.end(signal.SIGKILL)
    orphan = own_emulator.folder / "state" / "s3" / ACCOUNT_ID / "orphan"
    orphan.mkdir(parents=True)
    (orphan / "key").write_bytes(b"1")
    (orphan / "key.meta.json").write_text(json.dumps({"size": 1, "etag": '"x"', "key": "key"}))
    own_emulator.start()
    assert own_emulator.client("s3").list_buckets()["Buckets"] == []
    assert not orphan.exists()
