"""Sessions of the execution role."""

from __future__ import annotations

import asyncio
import datetime
from typing import cast

import pytest
from botocore.exceptions import ClientError

from infra.local.mwaa.credentials import Credentials, EmbeddedAws, ExecutionRole
from infra.local.mwaa.model import ConfigurationError

ROLE = "arn:aws:iam::123456789012:role/airflow"
ENVIRONMENT = "arn:aws:airflow:us-east-1:123456789012:environment/lake-dev"


class FakeAws:
    """An STS that trusts some principals and gives sessions of a set length."""

    def __init__(self, *trusted: str, minutes: float = 60) -> None:
        self.trusted = trusted
        self.minutes = minutes
        self.asked: list[tuple[str, str]] = []

    def assume_role_as_service(
        self, role_arn: str, *, principal: str, source_arn: str
    ) -> Credentials:
        assert role_arn == ROLE
        self.asked.append((principal, source_arn))
        if principal not in self.trusted:
            error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
            raise ClientError(error, "AssumeRole")  # type: ignore[arg-type]  # enough of one
        now = datetime.datetime.now(datetime.UTC)
        return Credentials(
            access_key_id=f"ASIA{len(self.asked)}",
            secret_access_key="secret",
            token="token",
            expiration=now + datetime.timedelta(minutes=self.minutes),
        )


BOTH = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")


def _role(aws: FakeAws) -> ExecutionRole:
    return ExecutionRole(cast(EmbeddedAws, aws), ROLE, environment_arn=ENVIRONMENT)


def test_the_role_is_assumed_as_both_principals_for_this_environment() -> None:
    aws = FakeAws(*BOTH)
    asyncio.run(_role(aws).credentials())
    assert aws.asked == [(principal, ENVIRONMENT) for principal in BOTH]


@pytest.mark.parametrize("trusted", [(), BOTH[:1], BOTH[1:]])
def test_a_role_that_does_not_trust_both_is_refused(trusted: tuple[str, ...]) -> None:
    missing = next(principal for principal in BOTH if principal not in trusted)
    with pytest.raises(ConfigurationError, match=rf"cannot be assumed by {missing}\. Its trust"):
        asyncio.run(_role(FakeAws(*trusted)).credentials())


def _keys_of_two_calls(aws: FakeAws) -> list[str]:
    role = _role(aws)

    async def run() -> list[str]:
        return [(await role.credentials()).access_key_id for _ in range(2)]

    return asyncio.run(run())


def test_a_session_with_more_than_20_minutes_left_is_used_again() -> None:
    first, second = _keys_of_two_calls(FakeAws(*BOTH, minutes=21))
    assert first == second


def test_a_session_with_20_minutes_left_is_minted_anew() -> None:
    first, second = _keys_of_two_calls(FakeAws(*BOTH, minutes=20))
    assert first != second


def test_callers_at_once_share_one_session() -> None:
    aws = FakeAws(*BOTH)
    role = _role(aws)

    async def run() -> set[str]:
        many = await asyncio.gather(*(role.credentials() for _ in range(5)))
        return {credentials.access_key_id for credentials in many}

    assert len(asyncio.run(run())) == 1


def test_the_document_is_what_containers_expect() -> None:
    credentials = asyncio.run(_role(FakeAws(*BOTH)).credentials())
    document = credentials.model_dump(mode="json", by_alias=True)
    assert document.keys() == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert document["Expiration"].endswith("Z")
