"""An environment whose endpoints its owner makes waits for them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.local.mwaa import environment as environment_module
from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.endpoints import endpoint_services, missing_endpoints
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.model import ConfigurationError, Record, Status

from .fake_host import FakeHost, finish, restarted, until


@pytest.fixture
def theirs(record: Record) -> Record:
    """The record of an environment with customer-managed endpoints, created now."""
    properties = record.properties.model_copy(update={"endpoint_management": "CUSTOMER"})
    return record.model_copy(update={"properties": properties, "created_at": time.time()})


def aws(*endpoints: dict[str, Any]) -> EmbeddedAws:
    ec2 = SimpleNamespace(describe_vpc_endpoints=lambda: {"VpcEndpoints": list(endpoints)})
    return cast(EmbeddedAws, SimpleNamespace(ec2=lambda: ec2))


def made(service: str) -> dict[str, Any]:
    return {"ServiceName": service, "State": "available"}


def test_database_and_web_server_have_a_service_each(theirs: Record) -> None:
    services = endpoint_services(theirs)
    assert set(services) == {"DatabaseVpcEndpointService", "WebserverVpcEndpointService"}
    assert len(set(services.values())) == 2
    assert all(
        name.startswith("com.amazonaws.vpce.us-east-1.vpce-svc-") for name in services.values()
    )
    public = theirs.properties.model_copy(update={"webserver_access_mode": "PUBLIC_ONLY"})
    internet = theirs.model_copy(update={"properties": public})
    assert set(endpoint_services(internet)) == {"DatabaseVpcEndpointService"}


def test_an_endpoint_is_missing_until_it_is_available(theirs: Record) -> None:
    database, web_server = endpoint_services(theirs).values()
    assert missing_endpoints(theirs, aws()) == sorted([database, web_server])
    half = aws(made(database), {"ServiceName": web_server, "State": "pending"})
    assert missing_endpoints(theirs, half) == [web_server]
    assert missing_endpoints(theirs, aws(made(database), made(web_server))) == []


def test_mwaa_makes_its_own_where_it_manages_them(record: Record) -> None:
    assert missing_endpoints(record, aws()) == []


def test_endpoints_that_nobody_makes_fail_the_environment_after_three_days(theirs: Record) -> None:
    old = theirs.model_copy(update={"created_at": time.time() - 73 * 3600})
    with pytest.raises(ConfigurationError, match="No VPC endpoint was created within 72 hours"):
        missing_endpoints(old, aws())


@pytest.mark.parametrize("killed", [False, True])
def test_an_environment_is_pending_until_its_endpoints_are_there(
    environment: Environment,
    host: FakeHost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    monkeypatch.setattr(environment_module, "ENDPOINTS_POLL_SECONDS", 0.001)
    host.missing = ["com.amazonaws.vpce.us-east-1.vpce-svc-1"]

    async def run() -> None:
        environment.create()
        await until(environment, Status.PENDING)
        assert not host.components
        going_on = environment
        if killed:
            await environment.close()
            going_on = restarted(environment, host, tmp_path)
            going_on.resume(lambda: None)
        host.missing = []
        await until(going_on, Status.AVAILABLE)

    finish(run())
    assert host.components


def test_a_pending_environment_can_be_deleted(
    environment: Environment, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "ENDPOINTS_POLL_SECONDS", 0.001)
    host.missing = ["com.amazonaws.vpce.us-east-1.vpce-svc-1"]
    gone: list[bool] = []

    async def run() -> None:
        environment.create()
        await until(environment, Status.PENDING)
        await environment.delete(lambda: gone.append(True))
        while not gone:
            await asyncio.sleep(0.001)

    finish(run())
    assert host.removed
