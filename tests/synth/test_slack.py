"""Alarms in a channel of Slack: who is in it can look at them, and at nothing else."""

from __future__ import annotations

import pytest

from infra.environments import DEV
from infra.operations.slack import READ_ALARMS
from infra.settings import OperationsSettings, SlackSettings
from tests.synth.templates import Templates

ACCOUNT = "111122223333"
CHANNEL = SlackSettings(workspace_id="T0123ABCD", channel_id="C0123ABCD")


@pytest.fixture(scope="module")
def slack(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    settings = DEV.model_copy(update={"operations": OperationsSettings(slack=CHANNEL)})
    return Templates.synthesize(settings, outdir=tmp_path_factory.mktemp("slack"))


def test_the_channel_is_told_of_the_topic(slack: Templates) -> None:
    found = slack.only("AWS::Chatbot::SlackChannelConfiguration").properties
    assert found["ConfigurationName"] == "lake-dev-alarms"
    assert (found["SlackWorkspaceId"], found["SlackChannelId"]) == ("T0123ABCD", "C0123ABCD")
    assert found["SnsTopicArns"] == ["lake-dev-messages"]
    assert found["LoggingLevel"] == "NONE"


def test_the_role_and_the_guardrail_of_the_channel_allow_to_look_at_alarms_alone(
    slack: Templates,
) -> None:
    channel = slack.only("AWS::Chatbot::SlackChannelConfiguration").properties
    (policy,) = slack.of_type("AWS::IAM::ManagedPolicy")
    (allowed,) = policy.properties["PolicyDocument"]["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", list(READ_ALARMS))
    assert all(
        action.split(":")[1].startswith(("Describe", "Get", "List")) for action in READ_ALARMS
    )
    assert channel["GuardrailPolicies"] == [policy.path]

    role = slack.only("AWS::IAM::Role", "Operations/Slack").properties
    assert role["ManagedPolicyArns"] == [policy.path]
    assert "Policies" not in role
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}
    name = f"arn:aws-cn:chatbot::{ACCOUNT}:chat-configuration/slack-channel/lake-dev-alarms"
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": name},
    }


def test_neither_the_key_nor_the_topic_is_opened_for_it(slack: Templates, dev: Templates) -> None:
    for type in ("AWS::KMS::Key", "AWS::SNS::TopicPolicy"):
        with_channel, without = slack.only(type).properties, dev.only(type).properties
        assert with_channel == without
        assert "chatbot" not in str(with_channel)


def test_an_environment_has_no_channel_unless_it_is_asked_for(templates: Templates) -> None:
    assert not templates.of_type("AWS::Chatbot::SlackChannelConfiguration")
