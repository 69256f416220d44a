"""The quotas of an account: whether there is room for what an environment still lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.preflight.assembly import Assembly
from infra.preflight.connection import Connect, own_resources
from infra.preflight.result import Result, failed, not_checked, passed


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Of how much of a resource an account may have."""

    name: str
    """As Service Quotas calls it."""
    service: str
    type: str
    """Of the resource in the templates."""
    count: Callable[[Connect], int]
    """How many there are."""


QUOTAS = (
    Quota(
        name="Environments",
        service="airflow",
        type="AWS::MWAA::Environment",
        count=lambda connect: sum(
            len(page["Environments"])
            for page in connect("mwaa").get_paginator("list_environments").paginate()
        ),
    ),
    Quota(
        name="VPCs per Region",
        service="vpc",
        type="AWS::EC2::VPC",
        count=lambda connect: len(connect("ec2").describe_vpcs()["Vpcs"]),
    ),
    Quota(
        name="EC2-VPC Elastic IPs",
        service="ec2",
        type="AWS::EC2::EIP",
        count=lambda connect: len(connect("ec2").describe_addresses()["Addresses"]),
    ),
)


def room(check: str, quota: Quota, assembly: Assembly, connect: Connect) -> Result:
    """Whether what the environment still lacks fits in a quota."""
    own = {
        resource["ResourceType"]
        for resource in own_resources(assembly, connect)
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    }
    needed = 0 if quota.type in own else len(list(assembly.of_type(quota.type)))
    pages = connect("service-quotas").get_paginator("list_service_quotas")
    listed = [
        found["Value"]
        for page in pages.paginate(ServiceCode=quota.service)
        for found in page.get("Quotas", ())
        if found["QuotaName"].lower() == quota.name.lower()
    ]
    if not listed:
        return not_checked(check, f"Service Quotas has no {quota.name!r} of {quota.service}")
    there = quota.count(connect)
    found = f"{there} of {listed[0]:,.0f}, {needed} more needed"
    if there + needed > listed[0]:
        return failed(check, found, "ask for more in Service Quotas, or delete what is not used")
    return passed(check, found)
