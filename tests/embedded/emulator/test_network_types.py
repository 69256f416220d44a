"""What a network has beside its VPC: made by a stack, read back by EC2's own API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}}
SUBNET = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.7.1.0/24"},
}
GROUP = {
    "Type": "AWS::EC2::SecurityGroup",
    "Properties": {"GroupDescription": "test", "VpcId": {"Ref": "Vpc"}},
}


def test_flow_log(emulator: RunningEmulator) -> None:
    stack, ec2 = Stack(emulator, "flow-log"), emulator.client("ec2")

    def declared(traffic: str, label: str) -> dict[str, Any]:
        properties = {
            "ResourceId": {"Ref": "Vpc"},
            "ResourceType": "VPC",
            "TrafficType": traffic,
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": "/aws/vpc/test",
            "Tags": [{"Key": "label", "Value": label}],
        }
        return {"Vpc": VPC, "Log": {"Type": "AWS::EC2::FlowLog", "Properties": properties}}

    def read() -> Any:
        wanted = [{"Name": "resource-id", "Values": [stack.physical_id("Vpc")]}]
        (found,) = ec2.describe_flow_logs(Filters=wanted)["FlowLogs"]
        return found

    assert stack.deploy(declared("ALL", "old")) == "CREATE_COMPLETE"
    first = read()
    assert (first["TrafficType"], first["LogDestination"]) == ("ALL", "/aws/vpc/test")
    assert first["FlowLogStatus"] == "ACTIVE"

    assert stack.deploy(declared("ALL", "new")) == "UPDATE_COMPLETE"
    assert read()["FlowLogId"] == first["FlowLogId"]
    assert {"Key": "label", "Value": "new"} in read()["Tags"]

    assert stack.deploy(declared("REJECT", "new")) == "UPDATE_COMPLETE"
    assert read()["TrafficType"] == "REJECT"
    assert read()["FlowLogId"] != first["FlowLogId"]

    assert stack.delete() == "DELETE_COMPLETE"
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_interface_endpoint(emulator: RunningEmulator) -> None:
    stack, ec2 = Stack(emulator, "endpoint"), emulator.client("ec2")

    def declared(*groups: str) -> dict[str, Any]:
        properties = {
            "VpcId": {"Ref": "Vpc"},
            "VpcEndpointType": "Interface",
            "ServiceName": "com.amazonaws.us-east-1.athena",
            "SubnetIds": [{"Ref": "Subnet"}],
            "SecurityGroupIds": [{"Fn::GetAtt": [group, "GroupId"]} for group in groups],
            "PrivateDnsEnabled": True,
        }
        endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}
        made = {"Vpc": VPC, "Subnet": SUBNET, "One": GROUP, "Two": GROUP}
        return {**made, "Endpoint": endpoint}

    def read() -> Any:
        ids = [stack.physical_id("Endpoint")]
        (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=ids)["VpcEndpoints"]
        return found

    assert stack.deploy(declared("One")) == "CREATE_COMPLETE"
    first = read()
    assert (first["VpcEndpointType"], first["State"]) == ("Interface", "available")
    assert first["ServiceName"] == "com.amazonaws.us-east-1.athena"
    assert first["SubnetIds"] == [stack.physical_id("Subnet")]
    assert first["PrivateDnsEnabled"] is True
    assert [group["GroupId"] for group in first["Groups"]] == [stack.physical_id("One")]

    assert stack.deploy(declared("One", "Two")) == "UPDATE_COMPLETE"
    assert read()["VpcEndpointId"] == first["VpcEndpointId"]
    assert len(read()["Groups"]) == 2

    assert stack.delete() == "DELETE_COMPLETE"
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_a_stack_makes_the_endpoints_that_its_environment_waits_for(
    emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    stack, ec2 = Stack(emulator, "customer-endpoints"), emulator.client("ec2")
    environment = {
        "Type": "AWS::MWAA::Environment",
        "Properties": {"Name": "theirs", "EndpointManagement": "CUSTOMER"},
    }
    endpoints = {
        name: {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "VpcEndpointType": "Interface",
                "ServiceName": {"Fn::GetAtt": ["Environment", f"{name}VpcEndpointService"]},
                "SubnetIds": [{"Ref": "Subnet"}],
            },
        }
        for name in ("Database", "Webserver")
    }
    made = {"Vpc": VPC, "Subnet": SUBNET, "Environment": environment, **endpoints}
    assert stack.deploy(made) == "CREATE_COMPLETE"
    waiting = mwaa.environments["theirs"]
    assert waiting["Status"] == "PENDING"
    found = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    services = {each["ServiceName"] for each in found if each["VpcId"] == stack.physical_id("Vpc")}
    names = ("DatabaseVpcEndpointService", "WebserverVpcEndpointService")
    assert services == {waiting[name] for name in names}
    assert stack.delete() == "DELETE_COMPLETE"
    assert mwaa.environments == {}
