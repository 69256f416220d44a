"""What an environment costs a month: by resource, at a low, a typical and a high use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import Field

from infra.preflight.assembly import Assembly
from infra.preflight.result import Result, passed, warned
from infra.settings import EnvironmentSettings
from infra.settings.airflow import MICRO, AirflowSettings
from infra.settings.base import Settings

PRICES = Path(__file__).with_name("prices.yaml")
HOURS = 730
"""Of a month."""
REGION = "us-east-1"
INCLUDED_WORKERS, INCLUDED_SCHEDULERS, INCLUDED_WEBSERVERS = 1, 2, 2
"""What the price of an environment has in it; each further one is charged by the hour."""


class Price(Settings):
    """A list price, in USD."""

    price: float = Field(gt=0)
    unit: str
    date: date
    """When it was read."""
    source: str = Field(pattern=r"^https://")
    unverified: bool = False
    """Whether nobody has found it in the source."""


class Use(Settings):
    """How much an environment is used in a month."""

    further_workers: float = Field(ge=0, le=1)
    """The share of the workers above the least that run on average."""
    stored_gb: float
    """In the buckets."""
    scanned_tb: float
    """By Athena."""
    through_network_gb: float
    """Over NAT gateways, or interface endpoints."""
    logs_gb: float
    key_calls: float
    database_gb: float
    redshift_hours: float
    """In which Redshift works, at its base size."""


LOW = Use(
    further_workers=0, stored_gb=10, scanned_tb=0.01, through_network_gb=5, logs_gb=1,
    key_calls=100_000, database_gb=1, redshift_hours=10,
)  # fmt: skip
TYPICAL = Use(
    further_workers=0.2, stored_gb=500, scanned_tb=1, through_network_gb=50, logs_gb=10,
    key_calls=1_000_000, database_gb=10, redshift_hours=60,
)  # fmt: skip
HIGH = Use(
    further_workers=0.6, stored_gb=10_000, scanned_tb=20, through_network_gb=500, logs_gb=100,
    key_calls=20_000_000, database_gb=50, redshift_hours=300,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a resource costs, in USD a month."""

    resource: str
    price: Price
    low: float
    typical: float
    high: float


@cache
def prices() -> Mapping[str, Price]:
    """The table. Raises pydantic's ValidationError for a price that is not whole."""
    table = yaml.safe_load(PRICES.read_text())
    return {name: Price.model_validate(entry) for name, entry in table.items()}


def costs(settings: EnvironmentSettings, assembly: Assembly) -> Iterator[Cost]:
    """What each resource of the environment costs."""
    made = Counter(resource.type for resource in assembly.resources)
    airflow, size = settings.airflow, settings.airflow.environment_class.partition(".")[2]
    yield _cost(f"MWAA {airflow.environment_class}", f"mwaa_{size}", lambda _: HOURS)
    if airflow.environment_class != MICRO:
        yield _cost(
            "MWAA, further components",
            f"mwaa_worker_{size}",
            lambda use: HOURS * _further(airflow, use),
        )
    yield _cost("MWAA, metadata database", "mwaa_database", lambda use: use.database_gb)
    if gateways := made["AWS::EC2::NatGateway"]:
        yield _cost(f"NAT gateways, {gateways}", "nat_gateway", lambda _: HOURS * gateways)
        yield _cost("NAT gateways, data", "nat_data", lambda use: use.through_network_gb)
    if addresses := made["AWS::EC2::EIP"]:
        yield _cost(f"Public addresses, {addresses}", "public_address", lambda _: HOURS * addresses)
    interfaces = [
        len(endpoint.properties.get("SubnetIds", ()))
        for endpoint in assembly.of_type("AWS::EC2::VPCEndpoint")
        if endpoint.properties.get("VpcEndpointType") == "Interface"
    ]
    if zones := sum(interfaces):
        yield _cost(f"Endpoints, {len(interfaces)}", "endpoint", lambda _: HOURS * zones)
        yield _cost("Endpoints, data", "endpoint_data", lambda use: use.through_network_gb)
    if keys := made["AWS::KMS::Key"]:
        yield _cost(f"Keys, {keys}", "key", lambda _: keys)
        yield _cost("Keys, calls", "key_calls", lambda use: use.key_calls)
    yield _cost("S3", "s3", lambda use: use.stored_gb)
    yield _cost("Athena", "athena", lambda use: use.scanned_tb)
    yield _cost("Logs", "logs", lambda use: use.logs_gb)
    if settings.redshift:
        rpus = settings.redshift.base_rpus
        yield _cost(f"Redshift, {rpus} RPUs", "redshift", lambda use: rpus * use.redshift_hours)


def check_cost(settings: EnvironmentSettings, assembly: Assembly) -> Result:
    """The total, and how much of it rests on prices that nobody has verified."""
    found = list(costs(settings, assembly))
    low, typical, high = totals(found)
    text = f"USD {typical:,.0f} a month, {low:,.0f} to {high:,.0f} ({REGION}, list prices)"
    doubtful = sum(cost.typical for cost in found if cost.price.unverified)
    if doubtful > typical / 2:
        return warned(
            "cost: total",
            f"{text}; most of it by unverified prices",
            f"look at `lake cost {settings.name}`",
        )
    return passed("cost: total", f"{text}; {doubtful:,.0f} of it by unverified prices")


def totals(found: list[Cost]) -> tuple[float, float, float]:
    """The low, the typical and the high total."""
    return sum(c.low for c in found), sum(c.typical for c in found), sum(c.high for c in found)


def _cost(resource: str, price: str, amount: Callable[[Use], float]) -> Cost:
    """The cost of what is used of a resource, in the units of its price."""
    unit = prices()[price]
    low, typical, high = (unit.price * amount(use) for use in (LOW, TYPICAL, HIGH))
    return Cost(resource=resource, price=unit, low=low, typical=typical, high=high)


def _further(airflow: AirflowSettings, use: Use) -> float:
    """Components beyond those that the price of the environment includes."""
    above = airflow.max_workers - airflow.min_workers
    workers = airflow.min_workers - INCLUDED_WORKERS + above * use.further_workers
    schedulers = airflow.schedulers - INCLUDED_SCHEDULERS
    return workers + schedulers + airflow.min_webservers - INCLUDED_WEBSERVERS
