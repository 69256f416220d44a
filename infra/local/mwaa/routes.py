"""Whether subnets have a way to the Internet, as their route tables say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

EVERYWHERE = "0.0.0.0/0"
_TARGETS = ("NatGatewayId", "TransitGatewayId", "GatewayId", "NetworkInterfaceId")


def ways_out(ec2: Any, subnet_ids: Collection[str]) -> dict[str, str]:
    """What the default route of each subnet that is there leads to; empty where it has none."""
    wanted = [{"Name": "subnet-id", "Values": list(subnet_ids)}]
    subnets = ec2.describe_subnets(Filters=wanted)["Subnets"]
    vpcs = sorted({subnet["VpcId"] for subnet in subnets})
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": vpcs}])["RouteTables"]
    return {subnet["SubnetId"]: _way_out(subnet["SubnetId"], tables) for subnet in subnets}


def _way_out(subnet: str, tables: list[Any]) -> str:
    associated = [
        table
        for table in tables
        if any(each.get("SubnetId") == subnet for each in table["Associations"])
    ]
    main = [table for table in tables if any(each.get("Main") for each in table["Associations"])]
    for table in (associated or main)[:1]:
        for route in table["Routes"]:
            if route.get("DestinationCidrBlock") == EVERYWHERE:
                return next((route[target] for target in _TARGETS if route.get(target)), "")
    return ""
