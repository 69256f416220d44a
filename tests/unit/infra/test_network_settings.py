"""Network settings that cannot work are refused with a message that names the setting."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.environments import DEV
from infra.settings import EnvironmentSettings, NetworkSettings, RedshiftSettings

NEW: dict[str, Any] = {"vpc": {"nat_gateways": 1}}
VPC: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": ("subnet-0123456789abcdef1", "subnet-0123456789abcdef2"),
}
EXISTING: dict[str, Any] = {"vpc": VPC}
TABLES = ("rtb-0123456789abcdef3",)
SLACK = {"slack_connection_id": "lake_slack"}
EMAIL = {"email": {"sender": "lake@example.com", "recipients": ("data@example.com",)}}


@pytest.mark.parametrize(
    "network",
    [
        NEW,
        {"vpc": {"nat_gateways": 2, "cidr": "172.16.0.0/22"}},
        {"vpc": {}, "routing": "private"},
        EXISTING,
        {**EXISTING, "routing": "private"},
        {
            "vpc": {**VPC, "make_endpoints": True, "route_table_ids": TABLES},
            "routing": "private",
        },
        {**NEW, "endpoint_management": "CUSTOMER"},
        {**NEW, "outbound_ports": (443, 587)},
    ],
)
def test_networks_that_mwaa_can_live_in_are_accepted(network: dict[str, Any]) -> None:
    assert NetworkSettings(**network).endpoint_management in ("SERVICE", "CUSTOMER")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"vpc": {}}, "routing='public' needs nat_gateways=1 or 2"),
        ({**NEW, "routing": "private"}, "no way out: nat_gateways=0, not 1"),
        ({"vpc": {"nat_gateways": 3}}, "nat_gateways"),
        ({"vpc": {"nat_gateways": 1, "cidr": "10.0.0.0"}}, "/16 to /22"),
        ({"vpc": {"nat_gateways": 1, "cidr": "10.0.0.1/16"}}, "expected a network such as"),
        ({"vpc": {"nat_gateways": 1, "cidr": "10.0.0.0/24"}}, "/16 to /22"),
        ({"vpc": {"nat_gateways": 1, "cidr": "8.8.0.0/16"}}, "expected private addresses"),
        ({"vpc": {**VPC, "vpc_id": "my-vpc"}}, "vpc_id"),
        ({"vpc": {**VPC, "subnet_ids": VPC["subnet_ids"][:1]}}, "subnet_ids"),
        ({"vpc": {**VPC, "subnet_ids": VPC["subnet_ids"][:1] * 2}}, "expected distinct subnets"),
        ({"vpc": {**VPC, "make_endpoints": True}}, "make_endpoints needs route_table_ids"),
        ({"vpc": {**VPC, "route_table_ids": TABLES}}, "need make_endpoints=True"),
        (
            {"vpc": {**VPC, "make_endpoints": True, "route_table_ids": TABLES}},
            "make_endpoints is for routing='private'",
        ),
        ({**NEW, "endpoint_management": "MINE"}, "endpoint_management"),
        ({**NEW, "outbound_ports": (587,)}, "outbound_ports: 443 is missing"),
        ({**NEW, "outbound_ports": (443, 70_000)}, "outbound_ports"),
        ({**NEW, "web_clients": ("office",)}, "expected a network such as"),
    ],
)
def test_networks_that_cannot_work_are_refused(network: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        NetworkSettings(**network)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"network": {"vpc": {}, "routing": "private"}, "notifications": SLACK},
            "slack_connection_id='lake_slack': Slack is on the Internet",
        ),
        ({"network": NEW, "notifications": EMAIL}, "one of the ports 25, 465, 587, 2525"),
        (
            {"network": EXISTING, "redshift": RedshiftSettings()},
            "redshift_subnet_ids: redshift needs 3 in distinct zones, not 0",
        ),
        ({"network": {**NEW, "web_clients": ("10.8.0.0/16",)}}, "is not in the VPC"),
    ],
)
def test_what_the_network_does_not_have_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnvironmentSettings(**{**dict(DEV), **changed})


def test_redshift_by_the_context_is_held_to_the_network_too() -> None:
    settings = EnvironmentSettings(**{**dict(DEV), "network": EXISTING})
    with pytest.raises(ValidationError, match="redshift_subnet_ids: redshift needs 3"):
        settings.on_redshift()
