"""Elastic addresses, NAT gateways and single rules of security groups.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.seam.services import AwsError, query_call


def _tag_parameters(tags: list[dict[str, str]], prefix: str) -> dict[str, str]:
    return {
        f"{prefix}.{number}.{part}": str(tag[part])
        for number, tag in enumerate(tags, 1)
        for part in ("Key", "Value")
    }


def tag_specification(properties: Properties, resource_type: str) -> dict[str, str]:
    """The parameters that tag what a call makes."""
    tags = properties.get("Tags") or []
    if not tags:
        return {}
    return {
        "TagSpecification.1.ResourceType": resource_type,
        **_tag_parameters(tags, "TagSpecification.1.Tag"),
    }


def replace_tags(resource_id: str, previous: Properties, properties: Properties) -> None:
    """Take the tags of `previous` away and set those of `properties`."""
    for action, tags in (
        ("DeleteTags", previous.get("Tags") or []),
        ("CreateTags", properties.get("Tags") or []),
    ):
        if tags:
            parameters = {"ResourceId.1": resource_id, **_tag_parameters(tags, "Tag")}
            query_call("ec2", action, parameters)


def same_but_tags(previous: Properties, properties: Properties) -> bool:
    """Whether nothing but tags has changed."""
    return {**previous, "Tags": None} == {**properties, "Tags": None}


class ElasticIp:
    """`AWS::EC2::EIP`: an address of a VPC; `Ref` is the address itself."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Allocate an address."""
        answer = query_call(
            "ec2",
            "AllocateAddress",
            {"Domain": "vpc", **tag_specification(declared.properties, "elastic-ip")},
        )
        public_ip = answer.findtext("{*}publicIp", "")
        return Provisioned(
            physical_id=public_ip,
            attributes={
                "PublicIp": public_ip,
                "AllocationId": answer.findtext("{*}allocationId", ""),
            },
        )

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the tags; anything else takes another address."""
        allocation_id = _allocation_id(physical_id)
        if allocation_id is None or not same_but_tags(previous, declared.properties):
            return self.create(declared)
        replace_tags(allocation_id, previous, declared.properties)
        return Provisioned(
            physical_id=physical_id,
            attributes={"PublicIp": physical_id, "AllocationId": allocation_id},
        )

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Release the address."""
        allocation_id = _allocation_id(physical_id)
        if allocation_id is not None:
            query_call("ec2", "ReleaseAddress", {"AllocationId": allocation_id})


def _allocation_id(public_ip: str) -> str | None:
    for address in query_call("ec2", "DescribeAddresses", {}).iter():
        if address.findtext("{*}publicIp") == public_ip:
            return address.findtext("{*}allocationId")
    return None


class NatGateway:
    """`AWS::EC2::NatGateway`."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the gateway; it is available at once."""
        properties = declared.properties
        parameters = {
            name: properties[name]
            for name in ("SubnetId", "AllocationId", "ConnectivityType")
            if name in properties
        }
        answer = query_call(
            "ec2",
            "CreateNatGateway",
            {**parameters, **tag_specification(properties, "natgateway")},
        )
        gateway_id = answer.findtext(".//{*}natGatewayId", "")
        return Provisioned(physical_id=gateway_id, attributes={"NatGatewayId": gateway_id})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the tags; anything else takes another gateway."""
        if not same_but_tags(previous, declared.properties):
            return self.create(declared)
        replace_tags(physical_id, previous, declared.properties)
        return Provisioned(physical_id=physical_id, attributes={"NatGatewayId": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the gateway; EC2 lists it as deleted."""
        try:
            query_call("ec2", "DeleteNatGateway", {"NatGatewayId": physical_id})
        except AwsError as error:
            if "NatGatewayNotFound" not in str(error):
                raise


@dataclass(frozen=True)
class SecurityGroupRule:
    """`AWS::EC2::SecurityGroupIngress` and `…Egress`: one rule of a group."""

    direction: Literal["Ingress", "Egress"]
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Add the rule to its group."""
        answer = query_call(
            "ec2",
            f"AuthorizeSecurityGroup{self.direction}",
            _rule_parameters(declared.properties),
        )
        rule_id = answer.findtext(".//{*}securityGroupRuleId", "")
        return Provisioned(physical_id=rule_id, attributes={"Id": rule_id})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Put the changed rule in the place of the old one."""
        self.delete(physical_id, previous)
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Remove the rule from its group."""
        try:
            query_call("ec2", f"RevokeSecurityGroup{self.direction}", _rule_parameters(properties))
        except AwsError as error:
            if "InvalidGroup.NotFound" not in str(error):
                raise


def _rule_parameters(properties: Properties) -> dict[str, str]:
    parameters = {"GroupId": properties["GroupId"]}
    permission = "IpPermissions.1"
    for name in ("IpProtocol", "FromPort", "ToPort"):
        if name in properties:
            parameters[f"{permission}.{name}"] = str(properties[name])
    peers = (
        ("IpRanges.1.CidrIp", ("CidrIp",)),
        ("Ipv6Ranges.1.CidrIpv6", ("CidrIpv6",)),
        ("PrefixListIds.1.PrefixListId", ("SourcePrefixListId", "DestinationPrefixListId")),
        ("Groups.1.GroupId", ("SourceSecurityGroupId", "DestinationSecurityGroupId")),
    )
    for parameter, names in peers:
        for name in names:
            if name in properties:
                parameters[f"{permission}.{parameter}"] = properties[name]
                if "Description" in properties:
                    peer = parameter.rpartition(".")[0]
                    parameters[f"{permission}.{peer}.Description"] = properties["Description"]
    return parameters
