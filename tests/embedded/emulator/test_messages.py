"""The topic of messages and its inbox, as the lake deploys them, and who may publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from lake.notifications.channels import SnsChannel
from lake.notifications.messages import Message

from infra.cli.environment import DeployedEnvironment
from infra.cli.messages import read_messages
from infra.environments import DEV
from infra.local.settings import LocalSettings
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator
from tests.embedded.stacks import Stack
from tests.synth.templates import Templates

pytestmark = pytest.mark.embedded

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:lake-dev-messages"
MESSAGE = Message(
    subject="[lake-dev] market_quotes: publish failed - FAIL",
    text="ValueError: Preço <0\n\nThe table holds what was published.",
    thread="lake-dev/runs/market_quotes/publish",
)
ENVIRONMENT = DeployedEnvironment(
    name="lake-dev",
    webserver_url="",
    landing_bucket="",
    curated_bucket="",
    database="",
    workgroup="",
)


@pytest.fixture(scope="module")
def lake(
    emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEmulator]:
    """An embedded AWS with the key, the topic and the inbox of the synthesized template."""
    templates = Templates.synthesize(DEV, outdir=tmp_path_factory.mktemp("cdk"))
    resources = templates.raw["lake-dev-storage"]["Resources"]
    stack = Stack(emulator, "messages")
    of_messages = {
        name: resource
        for name, resource in resources.items()
        if name.startswith("Notifications") or resource["Type"] == "AWS::KMS::Key"
    }
    assert stack.deploy(of_messages) == "CREATE_COMPLETE", stack.failures()
    yield emulator
    stack.delete()


def user(lake: RunningEmulator, name: str, resource: str) -> Keys:
    """A user who may publish to a topic."""
    iam = lake.client("iam")
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "sns:Publish", "Resource": resource}
    iam.put_user_policy(
        UserName=name,
        PolicyName="publishes",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def as_user(lake: RunningEmulator, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {
        "AWS_ENDPOINT_URL": lake.endpoint_url,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(variable, value)
    boto3.setup_default_session()


def inbox(lake: RunningEmulator) -> list[Any]:
    return list(read_messages(ENVIRONMENT, LocalSettings(aws_port=lake.port, home=Path.cwd())))


def test_who_may_publish_reaches_the_inbox_and_reading_takes_nothing_away(
    lake: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(lake, user(lake, "lake", TOPIC), monkeypatch)
    SnsChannel(topic_arn=TOPIC).send(MESSAGE)
    for _ in range(2):
        (received,) = inbox(lake)
        assert (received.subject, received.text) == (MESSAGE.subject, MESSAGE.text)


def test_who_may_publish_elsewhere_is_refused(
    lake: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(lake, user(lake, "other", f"{TOPIC}-of-others"), monkeypatch)
    with pytest.raises(ClientError, match="not authorized"):
        SnsChannel(topic_arn=TOPIC).send(MESSAGE)
