"""Where the environment is, what it reaches and who reaches it."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from infra.settings.base import Distinct, Settings

HTTPS = 443
SMALLEST_VPC_BITS = 22
"""Two private /24, two public /26 and Redshift's three /26 fit into it."""


def _cidr(text: str) -> str:
    """Return `text`, or raise ValueError unless it is a network such as 10.192.0.0/16."""
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{error}: expected a network such as 10.192.0.0/16") from None
    return text


Cidr = Annotated[str, AfterValidator(_cidr)]
VpcId = Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
RouteTableId = Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]
Port = Annotated[int, Field(ge=1, le=65_535)]


class NewVpc(Settings):
    """A VPC of the environment's own, with subnets in two zones."""

    cidr: Cidr = "10.192.0.0/16"
    nat_gateways: Literal[0, 1, 2] = 0
    """For public routing: 1 is cheaper, 2 survive the loss of a zone. For private routing: 0."""
    flow_logs: bool = True
    """Whether CloudWatch Logs keeps which connections were admitted and which were not."""

    @model_validator(mode="after")
    def as_large_as_its_subnets(self) -> Self:
        """Refuse a network that is not private, or that the subnets do not fit into."""
        network = ipaddress.IPv4Network(self.cidr)
        if not network.is_private:
            raise ValueError(f"cidr={self.cidr}: expected private addresses, as 10.192.0.0/16")
        if not 16 <= network.prefixlen <= SMALLEST_VPC_BITS:  # noqa: PLR2004 - a VPC's largest
            raise ValueError(f"cidr={self.cidr}: expected /16 to /{SMALLEST_VPC_BITS}")
        return self


class ExistingVpc(Settings):
    """A VPC that others look after; the app makes security groups in it, and endpoints if asked."""

    vpc_id: VpcId
    subnet_ids: tuple[SubnetId, SubnetId]
    """Two private subnets in distinct zones, which an environment keeps for life."""
    make_endpoints: bool = False
    """Whether the app makes the endpoints of private routing; False: they are there."""
    route_table_ids: Distinct[RouteTableId] = ()
    """Of the subnets, for the gateway endpoint of S3 that `make_endpoints` makes."""
    redshift_subnet_ids: tuple[SubnetId, ...] = ()
    """Three subnets in distinct zones, where the environment has Redshift."""

    @model_validator(mode="after")
    def different_subnets(self) -> Self:
        """Refuse a subnet that is named twice, and endpoints of S3 that no route would use."""
        for name in ("subnet_ids", "redshift_subnet_ids"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise ValueError(f"{name}: expected distinct subnets, not {', '.join(given)}")
        if self.make_endpoints and not self.route_table_ids:
            raise ValueError("make_endpoints needs route_table_ids, for the endpoint of S3")
        if self.route_table_ids and not self.make_endpoints:
            raise ValueError("route_table_ids need make_endpoints=True")
        return self


class NetworkSettings(Settings):
    """The VPC of the environment, its routing and its endpoints.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/networking-about.html
    """

    vpc: NewVpc | ExistingVpc
    routing: Literal["public", "private"] = "public"
    """`public` reaches the Internet over NAT; `private` reaches AWS through endpoints alone, and
    its requirements are installed from plugins.zip."""
    endpoint_management: Literal["SERVICE", "CUSTOMER"] = "SERVICE"
    """Who makes the endpoints of the environment's database and web server: MWAA, or this app."""
    outbound_ports: Distinct[Port] = (HTTPS,)
    """TCP ports that Airflow may connect to outside of its security group."""
    web_clients: Distinct[Cidr] = ()
    """Networks that may reach a private web server, such as that of a VPN."""

    @model_validator(mode="after")
    def a_way_out_as_the_routing_says(self) -> Self:
        """Refuse NAT gateways where they are not used, and public routing without them."""
        vpc = self.vpc
        if isinstance(vpc, NewVpc):
            if self.routing == "public" and not vpc.nat_gateways:
                raise ValueError("routing='public' needs nat_gateways=1 or 2, or is 'private'")
            if self.routing == "private" and vpc.nat_gateways:
                raise ValueError(
                    f"routing='private' has no way out: nat_gateways=0, not {vpc.nat_gateways}"
                )
        elif vpc.make_endpoints and self.routing == "public":
            raise ValueError("make_endpoints is for routing='private'")
        if HTTPS not in self.outbound_ports:
            raise ValueError(f"outbound_ports: {HTTPS} is missing, by which AWS is reached")
        return self

    @model_validator(mode="after")
    def clients_from_somewhere(self) -> Self:
        """Refuse clients from everywhere, and those whose addresses are the VPC's own."""
        for clients in map(ipaddress.IPv4Network, self.web_clients):
            if not clients.prefixlen:
                raise ValueError(
                    f"web_clients: {clients} is everybody: expected the network of a VPN or an "
                    "office; airflow.webserver_access_mode='PUBLIC_ONLY' is open to the Internet"
                )
            own = self.vpc.cidr if isinstance(self.vpc, NewVpc) else None
            if own and clients.overlaps(ipaddress.IPv4Network(own)):
                raise ValueError(
                    f"web_clients: {clients} overlaps vpc.cidr={own!r}, so that no answer would "
                    "leave the VPC: expected a network beside it"
                )
        return self

    @property
    def makes_endpoints(self) -> bool:
        """Whether the app makes the endpoints of private routing."""
        return self.routing == "private" and (
            isinstance(self.vpc, NewVpc) or self.vpc.make_endpoints
        )
