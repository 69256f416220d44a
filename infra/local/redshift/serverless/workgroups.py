"""Work groups: the compute that works on a namespace, and its address.

Source: https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_Workgroup.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.redshift.errors import conflict, invalid
from infra.local.redshift.serverless.register import Document, Register, not_found, page
from infra.local.redshift.serverless.surroundings import Surroundings

type Request = Mapping[str, Any]

PORT = 5439
BASE_CAPACITY = 128
CAPACITIES = frozenset({4, *range(8, 513, 8), *range(544, 1025, 32)})
"""Sizes that a work group can have, in RPUs.
https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"""
SUBNETS = 3
"""In as many zones.
https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html"""
ONLY_TWO_ZONES = ("us-west-1",)

_PARAMETERS = frozenset(
    {"auto_mv", "datestyle", "enable_case_sensitive_identifier", "enable_user_activity_logging"}
    | {"query_group", "search_path", "require_ssl", "use_fips_ssl", "wlm_json_configuration"}
    | {"max_query_cpu_time", "max_query_blocks_read", "max_scan_row_count"}
    | {"max_query_execution_time", "max_query_queue_time", "max_query_cpu_usage_percent"}
    | {"max_query_temp_blocks_to_disk", "max_join_row_count", "max_nested_loop_join_row_count"}
)
_DEFAULTS = {
    "auto_mv": "true",
    "datestyle": "ISO, MDY",
    "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true",
    "query_group": "",
    "require_ssl": "true",
    "search_path": "$user, public",
    "use_fips_ssl": "false",
}
_CHANGEABLE = (
    "baseCapacity",
    "enhancedVpcRouting",
    "maxCapacity",
    "pricePerformanceTarget",
    "publiclyAccessible",
    "securityGroupIds",
    "subnetIds",
    "trackName",
)


@dataclass(frozen=True)
class Workgroups:
    """The operations; each takes and gives what the API does."""

    register: Register
    surroundings: Surroundings

    def create(self, request: Request) -> Document:
        """CreateWorkgroup."""
        name = request["workgroupName"]
        namespace = self.register.namespace(request["namespaceName"])["namespaceName"]
        if name in self.register.workgroups:
            raise conflict(f"Workgroup {name} already exists.")
        for other in self.register.workgroups.values():
            if other["namespaceName"] == namespace:
                used = other["workgroupName"]
                raise conflict(f"Namespace {namespace} already has the workgroup {used}.")
        id = str(uuid.uuid4())
        workgroup: Document = {
            "workgroupName": name,
            "workgroupId": id,
            "workgroupArn": self.register.arn("workgroup", id),
            "namespaceName": namespace,
            "baseCapacity": BASE_CAPACITY,
            "enhancedVpcRouting": False,
            "publiclyAccessible": False,
            "securityGroupIds": [],
            "subnetIds": [],
            "trackName": "current",
            "configParameters": _parameters(_DEFAULTS),
            "creationDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "status": "AVAILABLE",
        }
        self._apply(workgroup, request)
        self.register.workgroups[name] = workgroup
        self.register.tag(workgroup["workgroupArn"], request.get("tags", []))
        return {"workgroup": workgroup | {"status": "CREATING"}}

    def get(self, request: Request) -> Document:
        """GetWorkgroup."""
        return {"workgroup": self.register.workgroup(request["workgroupName"])}

    def listing(self, request: Request) -> Document:
        """ListWorkgroups."""
        return page(list(self.register.workgroups.values()), request, "workgroups")

    def update(self, request: Request) -> Document:
        """UpdateWorkgroup."""
        current = self.register.workgroup(request["workgroupName"])
        workgroup = dict(current)
        self._apply(workgroup, request)
        current.update(workgroup)
        return {"workgroup": current | {"status": "MODIFYING"}}

    def delete(self, request: Request) -> Document:
        """DeleteWorkgroup: the namespace keeps the data; usage limits of the work group end."""
        workgroup = self.register.workgroup(request["workgroupName"])
        del self.register.workgroups[workgroup["workgroupName"]]
        arn = workgroup["workgroupArn"]
        self.register.tags.pop(arn, None)
        limits = self.register.usage_limits
        for id in [id for id, each in limits.items() if each["resourceArn"] == arn]:
            del limits[id]
        return {"workgroup": workgroup | {"status": "DELETING"}}

    def named(self, name_or_arn: str) -> Document:
        """The work group by its name or ARN, as the Data API takes it.

        Raises:
            ApiError: there is none.
        """
        for workgroup in self.register.workgroups.values():
            if name_or_arn in (workgroup["workgroupName"], workgroup["workgroupArn"]):
                return workgroup
        raise not_found(f"Workgroup {name_or_arn} was not found.", name_or_arn)

    def _apply(self, workgroup: Document, request: Request) -> None:
        workgroup.update({name: request[name] for name in _CHANGEABLE if name in request})
        given = {
            each.get("parameterKey", ""): each.get("parameterValue", "")
            for each in request.get("configParameters", [])
        }
        if not given.get("max_query_execution_time", "1").isdigit():
            raise invalid("configParameters: max_query_execution_time is a number of seconds.")
        if unknown := sorted(given.keys() - _PARAMETERS):
            raise invalid(f"configParameters: {unknown[0]} is not a parameter of a workgroup.")
        current = {
            each["parameterKey"]: each["parameterValue"] for each in workgroup["configParameters"]
        }
        workgroup["configParameters"] = _parameters(current | given)
        port = request.get("port", workgroup.get("port", PORT))
        workgroup["port"] = port
        workgroup["endpoint"] = {
            "address": f"{workgroup['workgroupName']}.{self.register.account_id}."
            f"{self.register.region}.redshift-serverless.amazonaws.com",
            "port": port,
            "vpcEndpoints": [],
        }
        _check_capacity(workgroup)
        self._check_subnets(workgroup["subnetIds"])

    def _check_subnets(self, subnet_ids: list[str]) -> None:
        if not subnet_ids:  # those of the account's default VPC
            return
        zones = self.surroundings.zones_of(subnet_ids)
        if missing := [each for each in subnet_ids if each not in zones]:
            raise invalid(f"subnetIds: the subnet {missing[0]} does not exist.")
        enough = SUBNETS - 1 if self.register.region in ONLY_TWO_ZONES else SUBNETS
        if len(subnet_ids) < SUBNETS or len(set(zones.values())) < enough:
            raise invalid(
                f"subnetIds: a workgroup needs at least {SUBNETS} subnets in {enough} "
                f"Availability Zones; got {len(subnet_ids)} in {len(set(zones.values()))}."
            )


def _parameters(values: Mapping[str, str]) -> list[Document]:
    return [
        {"parameterKey": name, "parameterValue": value} for name, value in sorted(values.items())
    ]


def timeout_seconds(workgroup: Document) -> float | None:
    """How long a statement of the work group may take; None where nothing limits it."""
    for parameter in workgroup["configParameters"]:
        if parameter["parameterKey"] == "max_query_execution_time":
            return float(parameter["parameterValue"])
    return None


def _check_capacity(workgroup: Document) -> None:
    base, most = workgroup["baseCapacity"], workgroup.get("maxCapacity")
    if base not in CAPACITIES:
        raise invalid(
            f"baseCapacity: {base} is none of 4, 8 to 512 in steps of 8, 544 to 1024 in steps of 32"
        )
    if most is not None and most < base:
        raise invalid(f"maxCapacity: {most} is less than the baseCapacity of {base}.")
