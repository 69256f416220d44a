"""The service: creating, changing and finding environments."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.model import ApiError, Properties, Record, Status
from infra.local.mwaa.service import Service, describe
from infra.local.mwaa.validation import image_version
from infra.local.settings import LocalSettings


@pytest.fixture
def service(settings: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service whose environments are available at once and run nothing."""

    def available(environment: Environment) -> None:
        environment._commit(status=Status.AVAILABLE)

    def updated(environment: Environment, requested: Properties) -> None:
        environment._commit(properties=requested)

    monkeypatch.setattr(Environment, "create", available)
    monkeypatch.setattr(Environment, "update", updated)
    laptop = Laptop(
        settings=settings,
        aws=EmbeddedAws(settings, "control-key"),
        proxy_url="http://127.0.0.1:1",
        marker="/test-service:",
    )
    return Service(laptop)


def _create(service: Service, name: str, body: dict[str, Any]) -> Record:
    return service.create(name, body, account_id="123456789012", region="us-east-1").record


def test_an_environment_has_the_arn_of_its_account_and_region(
    service: Service, request_body: dict[str, Any]
) -> None:
    record = _create(service, "lake-dev", request_body)
    assert record.arn == "arn:aws:airflow:us-east-1:123456789012:environment/lake-dev"


def test_each_environment_gets_ports_of_its_own(
    service: Service, request_body: dict[str, Any]
) -> None:
    ports = [_create(service, name, request_body).web_port for name in ("a", "b", "c")]
    assert ports == [8120, 8130, 8140]
    service._forget("b")
    assert _create(service, "d", request_body).web_port == 8130


@pytest.mark.parametrize("name", ["1lake", "lake dev", "a" * 81, "a/b"])
def test_a_bad_name_is_refused(service: Service, request_body: dict[str, Any], name: str) -> None:
    with pytest.raises(ApiError, match="Name"):
        _create(service, name, request_body)


def test_a_name_that_exists_is_refused(service: Service, request_body: dict[str, Any]) -> None:
    _create(service, "lake-dev", request_body)
    with pytest.raises(ApiError, match="already exists"):
        _create(service, "lake-dev", request_body)


def test_an_update_of_the_api_changes_what_it_names_only(
    service: Service, request_body: dict[str, Any]
) -> None:
    _create(service, "lake-dev", {**request_body, "MaxWorkers": 3})
    record = service.update("lake-dev", {"MinWorkers": 2}).record
    assert (record.properties.min_workers, record.properties.max_workers) == (2, 3)


def test_an_update_of_cloudformation_has_all_properties(
    service: Service, request_body: dict[str, Any]
) -> None:
    owned = {**request_body, "StackOwner": "stack/Airflow"}
    _create(service, "lake-dev", {**owned, "MaxWorkers": 3, "Tags": {"a": "b"}})
    record = service.update("lake-dev", {**owned, "MinWorkers": 2, "Tags": {"c": "d"}}).record
    assert (record.properties.min_workers, record.properties.max_workers) == (2, 10)
    assert record.tags == {"c": "d"}


def test_security_groups_can_change_and_subnets_cannot(
    service: Service, request_body: dict[str, Any]
) -> None:
    _create(service, "lake-dev", request_body)
    network = {"SecurityGroupIds": ["sg-2"]}
    record = service.update("lake-dev", {"NetworkConfiguration": network}).record
    assert record.properties.network_configuration.security_group_ids == ["sg-2"]
    assert record.properties.network_configuration.subnet_ids == ["subnet-a", "subnet-b"]
    other = {"SecurityGroupIds": ["sg-2"], "SubnetIds": ["subnet-c", "subnet-d"]}
    with pytest.raises(ApiError, match="SubnetIds cannot be changed"):
        service.update("lake-dev", {"NetworkConfiguration": other})


def test_the_key_cannot_change(service: Service, request_body: dict[str, Any]) -> None:
    _create(service, "lake-dev", request_body)
    with pytest.raises(ApiError, match="kms_key cannot be changed"):
        service.update("lake-dev", {"KmsKey": "arn:aws:kms:us-east-1:123456789012:key/x"})


def test_what_is_not_there_is_not_found(service: Service) -> None:
    with pytest.raises(ApiError) as missing:
        service.get("lake-dev")
    assert (missing.value.code, missing.value.status) == ("ResourceNotFoundException", 404)


def test_tasks_are_known_by_the_token_of_their_own_environment(
    service: Service, request_body: dict[str, Any]
) -> None:
    for name in ("a", "b"):
        _create(service, name, request_body)
    token = service.get("a").host.credentials_token
    assert service.find_by_token("a", token) is service.get("a")
    assert service.find_by_token("b", token) is None
    assert service.find_by_token("a", "") is None


def test_environments_are_known_before_they_are_resumed_and_bad_records_are_left_alone(
    service: Service,
    request_body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _create(service, "lake-dev", {**request_body, "StackOwner": "stack/Airflow"})
    broken = service.laptop.records / "broken.json"
    broken.write_text("{}")
    resumed: list[str] = []
    monkeypatch.setattr(Environment, "resume", lambda e, _: resumed.append(e.record.name))
    next_life = Service(service.laptop)
    next_life.load()
    assert f"{broken} is not a record of this version" in caplog.text
    assert "lake compose down --volumes" in caplog.text
    ran = service.get("lake-dev").record
    assert ran.status is Status.AVAILABLE
    expected = ran.model_copy(update={"status": Status.UNAVAILABLE})
    assert next_life.get("lake-dev").record == expected
    assert resumed == []
    next_life.resume()
    assert resumed == ["lake-dev"]


def test_the_answer_has_the_shape_of_getenvironment(
    service: Service, request_body: dict[str, Any]
) -> None:
    logs = {"TaskLogs": {"Enabled": True, "LogLevel": "INFO"}}
    record = _create(
        service,
        "lake-dev",
        {**request_body, "LoggingConfiguration": logs, "StackOwner": "stack/Airflow"},
    )
    document = describe(record)
    assert document["WebserverUrl"] == "127.0.0.1:8120"
    assert document["StackOwner"] == "stack/Airflow"
    assert document["LoggingConfiguration"] == {
        "TaskLogs": {
            "Enabled": True,
            "LogLevel": "INFO",
            "CloudWatchLogGroupArn": (
                "arn:aws:logs:us-east-1:123456789012:log-group:airflow-lake-dev-Task:*"
            ),
        }
    }
    assert "PluginsS3Path" not in document


def test_deleting_forgets_the_environment(service: Service, request_body: dict[str, Any]) -> None:
    _create(service, "lake-dev", request_body)

    async def run() -> None:
        await service.delete("lake-dev")
        async with asyncio.timeout(5):
            while service.environments:
                await asyncio.sleep(0.001)

    asyncio.run(run())
    assert list(service.laptop.records.iterdir()) == []


def test_an_environment_has_the_version_that_it_was_asked_for(
    service: Service, request_body: dict[str, Any]
) -> None:
    record = _create(service, "lake-dev", {**request_body, "AirflowVersion": "3.0.6"})
    assert describe(record)["AirflowVersion"] == "3.0.6"
    record = service.update("lake-dev", {"MinWorkers": 2}).record
    assert describe(record)["AirflowVersion"] == "3.0.6"
    record = service.update("lake-dev", {"AirflowVersion": "3.2.1"}).record
    assert describe(record)["AirflowVersion"] == "3.2.1"
    newest = _create(service, "newest", request_body)
    assert describe(newest)["AirflowVersion"] == image_version()


def test_how_workers_are_replaced_is_said_of_each_update(
    service: Service, request_body: dict[str, Any]
) -> None:
    _create(service, "lake-dev", {**request_body, "WorkerReplacementStrategy": "GRACEFUL"})
    with pytest.raises(ApiError, match="GRACEFUL needs one update with FORCED"):
        service.update("lake-dev", {"WorkerReplacementStrategy": "GRACEFUL"})
    record = service.update("lake-dev", {"MinWorkers": 2}).record
    assert record.properties.worker_replacement_strategy is None


def test_the_version_on_a_database_server_is_not_changed(
    service: Service, request_body: dict[str, Any]
) -> None:
    _create(service, "lake-dev", {**request_body, "AirflowVersion": "3.0.6"})
    server = service.laptop.settings.model_copy(update={"database": "postgresql://127.0.0.1/"})
    on_server = Service(replace(service.laptop, settings=server), service.environments)
    with pytest.raises(ApiError, match="LAKE_DATABASE"):
        on_server.update("lake-dev", {"AirflowVersion": "3.2.1"})
    on_server.update("lake-dev", {"MinWorkers": 2})
