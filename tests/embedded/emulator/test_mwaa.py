"""MWAA: the API reaches the supervisor whole, and environments are made by stacks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def clean(mwaa: FakeMwaa) -> Iterator[None]:
    yield
    mwaa.environments.clear()
    mwaa.requests.clear()
    mwaa.create_error = mwaa.update_error = None
    mwaa.create_seconds = 0.3


def environment(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "Environment": {
            "Type": "AWS::MWAA::Environment",
            "Properties": {"Name": name, "AirflowVersion": "3.3.1", **properties},
        }
    }


def test_an_environment_is_made_changed_and_deleted(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    stack = Stack(emulator, "environment")
    outputs = {
        "Name": {"Ref": "Environment"},
        "Arn": {"Fn::GetAtt": ["Environment", "Arn"]},
        "Url": {"Fn::GetAtt": ["Environment", "WebserverUrl"]},
    }
    assert stack.deploy(environment("lake"), outputs) == "CREATE_COMPLETE"
    assert mwaa.sent("PUT")[0]["StackOwner"] == "environment/Environment"
    assert stack.outputs() == {
        "Name": "lake",
        "Arn": f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/lake",
        "Url": "127.0.0.1:8080",
    }
    changed = environment("lake", AirflowConfigurationOptions={"core.parallelism": "4"})
    assert stack.deploy(changed, outputs) == "UPDATE_COMPLETE"
    (sent,) = mwaa.sent("PATCH")
    assert sent["AirflowConfigurationOptions"] == {"core.parallelism": "4"}
    assert mwaa.environments["lake"]["Status"] == "AVAILABLE"
    assert stack.delete() == "DELETE_COMPLETE"
    assert mwaa.environments == {}


def test_a_failed_create_leaves_nothing_and_gives_the_reason(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    mwaa.create_error = "requirements could not be installed: pandas==3 and pandas==2 conflict"
    stack = Stack(emulator, "failed-environment")
    assert stack.deploy(environment("broken")) == "ROLLBACK_COMPLETE"
    assert any("pandas==3 and pandas==2 conflict" in text for text in stack.failures())
    assert mwaa.environments == {}
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_update_is_rolled_back_with_the_reason(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    stack = Stack(emulator, "failed-change")
    stack.deploy(environment("changing", EnvironmentClass="mw1.micro"))
    mwaa.update_error = "the startup script failed"
    status = stack.deploy(environment("changing", EnvironmentClass="mw1.small"))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert any("the startup script failed" in text for text in stack.failures())
    mwaa.update_error = None
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_change_that_needs_another_environment_is_refused(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "replacing")
    stack.deploy(environment("same-name", NetworkConfiguration={"SubnetIds": ["a", "b"]}))
    other = environment("same-name", NetworkConfiguration={"SubnetIds": ["a", "c"]})
    assert stack.deploy(other) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("NetworkConfiguration.SubnetIds changed" in text for text in stack.failures())
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_leftover_of_an_interrupted_create_is_replaced(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    leftover = {"StackOwner": "again/Environment", "Marker": "leftover", "Status": "AVAILABLE"}
    mwaa.environments["left"] = {**leftover, "_until": 0.0, "_after": "AVAILABLE", "_update": {}}
    stack = Stack(emulator, "again")
    assert stack.deploy(environment("left")) == "CREATE_COMPLETE"
    assert "Marker" not in mwaa.environments["left"]
    assert stack.delete() == "DELETE_COMPLETE"


def test_an_environment_of_somebody_else_is_left_alone(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    theirs = {"StackOwner": "theirs/Environment", "Status": "AVAILABLE"}
    mwaa.environments["theirs"] = {**theirs, "_until": 0.0, "_after": "AVAILABLE", "_update": {}}
    stack = Stack(emulator, "ours")
    assert stack.deploy(environment("theirs")) == "ROLLBACK_COMPLETE"
    assert any("theirs already exists" in text for text in stack.failures())
    assert stack.delete() == "DELETE_COMPLETE"
    assert mwaa.environments["theirs"]["StackOwner"] == "theirs/Environment"


def test_other_calls_are_answered_while_an_environment_is_made(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    mwaa.create_seconds = 2.0
    stack = Stack(emulator, "slow")
    deploying = threading.Thread(target=stack.deploy, args=(environment("slow"),))
    deploying.start()
    while not mwaa.environments:
        time.sleep(0.02)
    s3, slowest = emulator.client("s3"), 0.0
    while mwaa.environments["slow"]["Status"] == "CREATING" and deploying.is_alive():
        asked = time.monotonic()
        s3.list_buckets()
        slowest = max(slowest, time.monotonic() - asked)
    deploying.join()
    assert slowest < 1.0
    mwaa.create_seconds = 0.1
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_api_reaches_the_supervisor_with_the_caller(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    client = emulator.client("mwaa")
    client.create_environment(
        Name="direct",
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/airflow",
        SourceBucketArn="arn:aws:s3:::bucket",
        DagS3Path="dags",
        NetworkConfiguration={"SubnetIds": ["subnet-a", "subnet-b"]},
    )
    assert client.list_environments()["Environments"] == ["direct"]
    assert client.get_environment(Name="direct")["Environment"]["DagS3Path"] == "dags"
    client.update_environment(Name="direct", AirflowVersion="3.3.1")
    client.delete_environment(Name="direct")
    methods = [(method, path) for method, path, _, _ in mwaa.requests]
    assert methods == [
        ("PUT", "/mwaa/environments/direct"),
        ("GET", "/mwaa/environments"),
        ("GET", "/mwaa/environments/direct"),
        ("PATCH", "/mwaa/environments/direct"),
        ("DELETE", "/mwaa/environments/direct"),
    ]
    _, _, headers, body = mwaa.requests[0]
    assert body["DagS3Path"] == "dags"
    assert headers["x-lake-caller-arn"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert (headers["x-lake-account"], headers["x-lake-region"]) == (ACCOUNT_ID, REGION)


def test_an_error_of_the_supervisor_is_the_clients_error(emulator: RunningEmulator) -> None:
    client = emulator.client("mwaa")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="no nothing"):
        client.get_environment(Name="nothing")


def test_tokens_reach_the_supervisor_with_the_role_of_the_caller(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    client = emulator.client("mwaa")
    client.create_cli_token(Name="lake")
    client.create_web_login_token(Name="lake")
    client.invoke_rest_api(Name="lake", Path="/dags", Method="GET")
    paths = {path: headers for _, path, headers, _ in mwaa.requests}
    assert list(paths) == ["/mwaa/clitoken/lake", "/mwaa/webtoken/lake", "/mwaa/restapi/lake"]
    assert "x-lake-airflow-role" not in paths["/mwaa/clitoken/lake"]
    assert paths["/mwaa/restapi/lake"]["x-lake-airflow-role"] == "Admin"


def test_a_host_with_the_prefix_of_the_real_service_is_no_bucket(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    for prefix in ("api", "env"):
        mwaa.requests.clear()
        scope = f"test/20261121/{REGION}/airflow/aws4_request"
        signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"
        answer = httpx.get(
            f"{emulator.endpoint_url}/environments",
            headers={
                "Host": f"{prefix}.127.0.0.1:{emulator.port}",
                "Authorization": signature,
            },
        )
        assert answer.status_code == 200
        assert [path for _, path, _, _ in mwaa.requests] == ["/mwaa/environments"]


def test_without_a_supervisor_the_error_says_so(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa
) -> None:
    own_mwaa.stop()
    with pytest.raises(ClientError) as refused:
        own_emulator.client("mwaa").list_environments()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "supervisor" in str(refused.value)
    stack = Stack(own_emulator, "alone")
    assert stack.deploy(environment("alone")).startswith("ROLLBACK")
    assert any("does not answer" in text for text in stack.failures())
