"""An existing VPC, held to what MWAA needs of it, before the environment is made in it for life."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from infra.preflight.connection import Connect, asked
from infra.preflight.deployed import routes, zones
from infra.preflight.result import Result, failed, passed
from infra.settings import EnvironmentSettings, ExistingVpc


def check_existing_vpc(settings: EnvironmentSettings, *, connect: Connect) -> Iterator[Result]:
    """Check the subnets that the settings name; nothing where the app makes the VPC."""
    vpc = settings.network.vpc
    if not isinstance(vpc, ExistingVpc):
        return
    check = "account: network.vpc"
    there = asked(check, partial(subnets_of_the_vpc, check, vpc, connect))
    yield there
    if there.mend:
        return
    planned = {"NetworkConfiguration": {"SubnetIds": list(vpc.subnet_ids)}}
    check = "account: network.vpc.subnet_ids, zones"
    yield asked(check, partial(zones, check, planned, connect))
    if not vpc.make_endpoints:
        check = "account: network.vpc.subnet_ids, routes"
        yield asked(check, partial(routes, check, planned, connect))


def subnets_of_the_vpc(check: str, vpc: ExistingVpc, connect: Connect) -> Result:
    """Whether the VPC has the subnets."""
    wanted = [*vpc.subnet_ids, *vpc.redshift_subnet_ids]
    try:
        found = connect("ec2").describe_subnets(SubnetIds=wanted)["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidSubnetID.NotFound":
            raise
        message = error.response["Error"]["Message"]
        return failed(check, message, "name subnets of this account and region")
    other = [
        f"{subnet['SubnetId']} is in {subnet['VpcId']}"
        for subnet in found
        if subnet["VpcId"] != vpc.vpc_id
    ]
    if other:
        return failed(check, f"{', '.join(other)}, not in {vpc.vpc_id}", "name subnets of the VPC")
    return passed(check, f"{len(wanted)} subnets of {vpc.vpc_id}")
