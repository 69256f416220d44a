"""`AWS::EC2::FlowLog`.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-flowlog.html
"""

from __future__ import annotations

from infra.local.emulator.cloudformation.ec2 import replace_tags, same_but_tags, tag_specification
from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.seam.services import query_call

PARAMETERS = ("LogDestination", "LogDestinationType", "LogGroupName", "ResourceType", "TrafficType")


class FlowLog:
    """A flow log of a VPC, a subnet or an interface: on record, as nothing flows here."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the flow log; it is active at once."""
        properties = declared.properties
        answer = query_call(
            "ec2",
            "CreateFlowLogs",
            {
                "ResourceId.1": properties["ResourceId"],
                **{name: properties[name] for name in PARAMETERS if name in properties},
                **tag_specification(properties, "flow-log"),
            },
        )
        flow_log_id = answer.findtext(".//{*}item", "")
        return Provisioned(physical_id=flow_log_id, attributes={"Id": flow_log_id})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the tags; anything else takes another flow log."""
        if not same_but_tags(previous, declared.properties):
            return self.create(declared)
        replace_tags(physical_id, previous, declared.properties)
        return Provisioned(physical_id=physical_id, attributes={"Id": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the flow log; one that is gone is no error."""
        query_call("ec2", "DeleteFlowLogs", {"FlowLogId.1": physical_id})
