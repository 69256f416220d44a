"""The cost of an environment, from its settings and templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.environments import DEV, PROD
from infra.preflight import cost
from infra.preflight.assembly import Assembly
from infra.preflight.cost import HOURS, Price, check_cost, costs, prices, totals
from infra.preflight.result import Outcome
from infra.settings import EnvironmentSettings


def assembly(*types: str, **properties: Any) -> Assembly:
    resources = {
        f"R{number}": {"Type": type, "Properties": properties} for number, type in enumerate(types)
    }
    return Assembly(
        folder=Path(), prefix="lake-dev", templates={"lake-dev-network": {"Resources": resources}}
    )


def by_resource(settings: EnvironmentSettings, *types: str, **properties: Any) -> dict[str, float]:
    found = costs(settings, assembly(*types, **properties))
    return {each.resource: each.typical for each in found}


def test_every_class_of_mwaa_has_its_prices_and_each_price_a_date_and_a_source() -> None:
    sizes = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
    assert {f"mwaa_{size}" for size in sizes} <= prices().keys()
    assert {f"mwaa_worker_{size}" for size in sizes[1:]} <= prices().keys()


def test_a_price_without_a_source_is_refused() -> None:
    with pytest.raises(ValidationError, match="source"):
        Price.model_validate({"price": 1, "unit": "hour", "date": "2026-01-01", "source": "me"})


def test_dev_pays_for_what_it_has() -> None:
    found = by_resource(DEV, "AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::KMS::Key")

    assert found["MWAA mw1.small"] == pytest.approx(0.49 * HOURS)
    assert found["MWAA, further components"] == pytest.approx(0.055 * HOURS * 0.2)
    assert found["NAT gateways, 1"] == pytest.approx(0.045 * HOURS)
    assert found["Public addresses, 1"] == pytest.approx(0.005 * HOURS)
    assert found["Keys, 1"] == 1


def test_what_an_environment_has_not_costs_nothing() -> None:
    found = by_resource(DEV)

    assert not [name for name in found if name.startswith(("NAT", "Keys", "Endpoints", "Redshift"))]


def test_endpoints_are_paid_by_zone_and_redshift_when_it_is_switched_on() -> None:
    endpoint = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}
    found = by_resource(DEV.on_redshift(), "AWS::EC2::VPCEndpoint", **endpoint)

    assert found["Endpoints, 1"] == pytest.approx(0.01 * HOURS * 2)
    assert found["Redshift, 8 RPUs"] == pytest.approx(0.375 * 8 * 60)


def test_more_workers_and_a_larger_class_cost_more() -> None:
    dev, prod = (totals(list(costs(each, assembly()))) for each in (DEV, PROD))

    assert all(less < more for less, more in zip(dev, prod, strict=True))
    assert dev[0] < dev[1] < dev[2]


def test_the_total_passes_and_says_how_much_is_unverified() -> None:
    result = check_cost(DEV, assembly("AWS::EC2::NatGateway"))

    assert result.outcome is Outcome.PASS
    assert "unverified" in result.found


def test_a_total_of_unverified_prices_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful = {
        name: price.model_copy(update={"unverified": True}) for name, price in prices().items()
    }
    monkeypatch.setattr(cost, "prices", lambda: doubtful)

    result = check_cost(DEV, assembly())

    assert result.outcome is Outcome.WARN
    assert result.mend == "look at `lake cost dev`"
