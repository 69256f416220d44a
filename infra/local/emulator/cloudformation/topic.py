"""`AWS::SNS::Topic`: ministack's own, plus the key that it drops.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
)
from infra.local.emulator.seam.services import query_call


@dataclass(frozen=True)
class Topic:
    """The resource type; `ministack` makes the topic itself."""

    ministack: ResourceType
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the topic with its key."""
        made = self.ministack.create(declared)
        _encrypt(made.physical_id, declared.properties, {})
        return made

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the topic; another name makes another one."""
        changed = self.ministack.update(physical_id, declared, previous)
        replaced = changed.physical_id != physical_id
        _encrypt(changed.physical_id, declared.properties, {} if replaced else previous)
        return changed

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the topic."""
        self.ministack.delete(physical_id, properties)


def _encrypt(topic_arn: str, properties: Properties, previous: Properties) -> None:
    key = properties.get("KmsMasterKeyId", "")
    if key != previous.get("KmsMasterKeyId", ""):  # a topic without a key has no such attribute
        attribute = {
            "TopicArn": topic_arn,
            "AttributeName": "KmsMasterKeyId",
            "AttributeValue": key,
        }
        query_call("sns", "SetTopicAttributes", attribute)
