"""STS: trust policies, services as callers, sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = pytest.mark.embedded

AIRFLOW, AIRFLOW_ENV = "airflow.amazonaws.com", "airflow-env.amazonaws.com"


@pytest.fixture
def role(emulator: RunningEmulator) -> Iterator[Any]:
    """Makes a role that trusts a principal; its ARN comes back."""
    iam = emulator.client("iam")
    names: list[str] = []

    def trusting(principal: Any, **condition: Any) -> str:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [statement | condition]}
        names.append(f"trusting-{len(names)}")
        made = iam.create_role(RoleName=names[-1], AssumeRolePolicyDocument=json.dumps(document))
        return str(made["Role"]["Arn"])

    yield trusting
    for name in names:
        iam.delete_role(RoleName=name)


def test_a_service_may_assume_a_role_that_trusts_it(emulator: RunningEmulator, role: Any) -> None:
    arn = role({"Service": [AIRFLOW, AIRFLOW_ENV]})
    for service in (AIRFLOW, AIRFLOW_ENV):
        keys = emulator.assume(arn, service=service)
        caller = emulator.client("sts", keys).get_caller_identity()
        assert caller["Account"] == ACCOUNT_ID
        name = arn.rpartition("/")[2]
        session = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/AmazonMWAA-airflow"
        assert caller["Arn"] == session


def test_a_service_may_not_assume_a_role_that_trusts_another(
    emulator: RunningEmulator, role: Any
) -> None:
    for principal in ({"Service": AIRFLOW}, {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}):
        with pytest.raises(ClientError, match=f"{AIRFLOW_ENV} is not authorized"):
            emulator.assume(role(principal), service=AIRFLOW_ENV)


def test_the_root_user_may_not_assume_a_role_that_trusts_a_service(
    emulator: RunningEmulator, role: Any
) -> None:
    arn = role({"Service": AIRFLOW})
    with pytest.raises(ClientError, match="AccessDenied"):
        emulator.assume(arn)


def test_nobody_is_a_service_without_the_key(emulator: RunningEmulator, role: Any) -> None:
    arn = role({"Service": AIRFLOW})
    with pytest.raises(ClientError, match="AccessDenied"):
        emulator.assume(arn, service=AIRFLOW, key="another-key-of-enough-length")


def test_a_caller_cannot_name_itself_a_service_by_its_session(
    emulator: RunningEmulator, role: Any
) -> None:
    keys = emulator.assume(role({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}))
    with pytest.raises(ClientError, match="AccessDenied"):
        emulator.client("sts", keys).assume_role(
            RoleArn=role({"Service": AIRFLOW}), RoleSessionName=AIRFLOW
        )


def test_conditions_of_a_trust_policy_count(emulator: RunningEmulator, role: Any) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "expected"}}
    arn = role({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, Condition=condition)
    sts = emulator.client("sts")
    sts.assume_role(RoleArn=arn, RoleSessionName="session", ExternalId="expected")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=arn, RoleSessionName="session", ExternalId="other")


def test_a_trust_policy_may_name_the_environment(emulator: RunningEmulator, role: Any) -> None:
    source = f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/lake"
    condition = {
        "ArnLike": {"aws:SourceArn": source},
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
    }
    arn = role({"Service": AIRFLOW}, Condition=condition)
    emulator.assume(arn, service=AIRFLOW, source_arn=source)
    for other in (None, f"{source}-of-somebody-else"):
        with pytest.raises(ClientError, match="AccessDenied"):
            emulator.assume(arn, service=AIRFLOW, source_arn=other)


def test_the_root_user_is_told_who_it_is(emulator: RunningEmulator) -> None:
    caller = emulator.client("sts").get_caller_identity()
    assert caller["Arn"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
