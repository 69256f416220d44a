"""The networks that MWAA can live in; test_refusals.py has the others."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings import NetworkSettings

NEW: dict[str, Any] = {"vpc": {"nat_gateways": 1}}
VPC: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": ("subnet-0123456789abcdef1", "subnet-0123456789abcdef2"),
}
EXISTING: dict[str, Any] = {"vpc": VPC}
TABLES = ("rtb-0123456789abcdef3",)


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
