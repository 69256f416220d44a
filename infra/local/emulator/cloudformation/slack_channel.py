"""`AWS::Chatbot::SlackChannelConfiguration`: a channel of Slack that topics are told in.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-chatbot-slackchannelconfiguration.html
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.emulator.chatbot import SERVICE
from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    refuse_unsupported,
)
from infra.local.emulator.seam.services import AwsError, call

NAME = "AWS::Chatbot::SlackChannelConfiguration"
_OF_THE_API = {
    "ConfigurationName": "ConfigurationName",
    "GuardrailPolicies": "GuardrailPolicyArns",
    "IamRoleArn": "IamRoleArn",
    "LoggingLevel": "LoggingLevel",
    "SlackChannelId": "SlackChannelId",
    "SlackWorkspaceId": "SlackTeamId",
    "SnsTopicArns": "SnsTopicArns",
    "Tags": "Tags",
    "UserRoleRequired": "UserAuthorizationRequired",
}
_REPLACING = ("ConfigurationName", "SlackWorkspaceId")


class SlackChannel:
    """The resource type; `Ref` is the ARN."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the configuration."""
        made = _call("create", _request(declared.properties))
        arn = str(made["ChannelConfiguration"]["ChatConfigurationArn"])
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change it; another name or workspace makes another one."""
        if any(declared.properties.get(name) != previous.get(name) for name in _REPLACING):
            return self.create(declared)
        _call("update", _request(declared.properties) | {"ChatConfigurationArn": physical_id})
        return Provisioned(physical_id=physical_id, attributes={"Arn": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete it; nothing where it is gone."""
        try:
            _call("delete", {"ChatConfigurationArn": physical_id})
        except AwsError as error:
            if "there is no" not in str(error):
                raise


def _request(properties: Properties) -> dict[str, Any]:
    refuse_unsupported(NAME, sorted(set(properties) - set(_OF_THE_API)), _OF_THE_API)
    given = {theirs: properties.get(name) for name, theirs in _OF_THE_API.items()}
    # CloudFormation's texts of booleans.
    required = str(given["UserAuthorizationRequired"]).lower() == "true"
    return {**given, "UserAuthorizationRequired": required}


def _call(verb: str, request: dict[str, Any]) -> Any:
    path = f"/{verb}-slack-channel-configuration"
    return json.loads(call(SERVICE, "POST", path, body=json.dumps(request).encode()).body)
