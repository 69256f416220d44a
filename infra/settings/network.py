"""Where the environment is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.base import Settings


class NetworkSettings(Settings):
    """The VPC of the environment: two public and two private subnets in two zones."""

    cidr: str = Field(default="10.192.0.0/16", pattern=r"^\d{1,3}(\.\d{1,3}){3}/(1[6-9]|2[0-4])$")
    nat_gateways: Literal[1, 2]
    """1 is cheaper, 2 survives the loss of a zone."""
