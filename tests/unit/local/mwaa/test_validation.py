"""What is refused before an environment is created."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.mwaa.airflow import Airflow
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import ApiError, parse_properties
from infra.local.mwaa.validation import (
    IMAGE_LOCK,
    REFUSED_OPTIONS,
    check_request,
    check_update,
    image_lock,
    image_version,
    versions_here,
)
from infra.local.settings import LocalSettings
from infra.local.supervisor.secrets import SecretFolder


def _refusal(body: dict[str, Any], **changes: object) -> str:
    with pytest.raises(ApiError) as refused:
        check_request(parse_properties({**body, **changes}))
    assert refused.value.code == "ValidationException"
    return str(refused.value)


def test_a_right_request_passes(request_body: dict[str, Any]) -> None:
    check_request(parse_properties({**request_body, "AirflowVersion": image_version()}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"EnvironmentClass": "mw1.tiny"}, "EnvironmentClass"),
        ({"MinWorkers": 0}, "MinWorkers"),
        ({"MaxWorkers": 26}, "MaxWorkers"),
        ({"MinWorkers": 5, "MaxWorkers": 2}, "MinWorkers: 5 is more than MaxWorkers, 2"),
        ({"Schedulers": 1}, "Schedulers: 2 to 5 for mw1.small, not 1"),
        ({"EnvironmentClass": "mw1.micro", "Schedulers": 2}, "Schedulers: 1 for mw1.micro, not 2"),
        ({"MaxWebservers": 1}, "MaxWebservers: 2 to 5"),
        ({"AirflowVersion": "2.10.3"}, "2.10.3 is not on this laptop, which has 3."),
        ({"SourceBucketArn": "my-bucket"}, "SourceBucketArn"),
        ({"ExecutionRoleArn": "arn:aws:iam::1:role/x"}, "ExecutionRoleArn"),
        ({"WebserverAccessMode": "OPEN"}, "WebserverAccessMode"),
        ({"WeeklyMaintenanceWindowStart": "NOW"}, "WeeklyMaintenanceWindowStart"),
        ({"PluginsS3ObjectVersion": "v"}, "PluginsS3ObjectVersion is given without"),
        ({"DagPath": "dags"}, "DagPath"),
    ],
)
def test_a_wrong_member_is_named(
    request_body: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    assert said in _refusal(request_body, **changes)


@pytest.mark.parametrize("subnets", [["a"], ["a", "b", "c"], ["a", "a"]])
def test_two_different_subnets_are_needed(request_body: dict[str, Any], subnets: list[str]) -> None:
    network = {"SubnetIds": subnets, "SecurityGroupIds": ["sg-1"]}
    assert "SubnetIds" in _refusal(request_body, NetworkConfiguration=network)


@pytest.mark.parametrize(
    "option",
    ["core.executor", "database.sql_alchemy_conn", "metrics.statsd_host", "core.multi_team"],
)
def test_options_that_mwaa_sets_itself_are_refused(
    request_body: dict[str, Any], option: str
) -> None:
    said = _refusal(request_body, AirflowConfigurationOptions={option: "x"})
    assert said == f"AirflowConfigurationOptions: {option} is set by MWAA itself"


@pytest.mark.parametrize("option", ["executor", "Core.x", "core.x y"])
def test_an_option_is_section_and_key(request_body: dict[str, Any], option: str) -> None:
    assert "AirflowConfigurationOptions" in _refusal(
        request_body, AirflowConfigurationOptions={option: "x"}
    )


@pytest.mark.parametrize(
    "option", ["core.parallelism", "celery.worker_autoscale", "metrics.statsd_on", "lake.bucket"]
)
def test_other_options_are_let_through(request_body: dict[str, Any], option: str) -> None:
    check_request(parse_properties({**request_body, "AirflowConfigurationOptions": {option: "1"}}))


def test_every_option_that_is_forced_is_refused(settings: LocalSettings) -> None:
    airflow = Airflow(
        settings=settings,
        environment_name="lake-dev",
        region="us-east-1",
        web_port=8120,
        layout=Layout(settings.home),
        secrets=SecretFolder(settings.home / "secrets"),
        proxy_url="http://127.0.0.1:1",
    )
    forced = airflow.forced_options(settings.home)
    assert "core.executor" in forced
    assert forced.keys() <= REFUSED_OPTIONS


def _update_refusal(
    body: dict[str, Any], before: str, *, was_forced: bool = True, **new: str
) -> str:
    current = parse_properties({**body, "AirflowVersion": before})
    with pytest.raises(ApiError) as refused:
        check_update(current, parse_properties({**body, **new}), was_forced=was_forced)
    assert refused.value.code == "ValidationException"
    return str(refused.value)


def test_each_version_here_has_the_lock_of_its_image() -> None:
    assert versions_here() == ("3.0.6", "3.2.1", image_version())
    assert image_lock(image_version()) == IMAGE_LOCK
    for version in versions_here():
        assert f"apache-airflow=={version} " in image_lock(version).read_text()


def test_a_host_of_one_version_has_no_other(request_body: dict[str, Any]) -> None:
    properties = parse_properties({**request_body, "AirflowVersion": "3.0.6"})
    check_request(properties)
    with pytest.raises(ApiError, match=r"3\.0\.6 is not on this laptop"):
        check_request(properties, versions=[image_version()])


def test_a_step_that_mwaa_does_not_take_is_refused(request_body: dict[str, Any]) -> None:
    said = _update_refusal(request_body, "2.10.3", AirflowVersion="3.3.1")
    assert "through 2.11 only" in said


def test_a_downgrade_is_refused(request_body: dict[str, Any]) -> None:
    said = _update_refusal(request_body, "3.3.1", AirflowVersion="3.0.6")
    assert "back from 3.3.1 to 3.0.6" in said


def test_an_update_by_grace_needs_one_by_force(request_body: dict[str, Any]) -> None:
    graceful = {"WorkerReplacementStrategy": "GRACEFUL"}
    said = _update_refusal(request_body, "3.3.1", was_forced=False, **graceful)
    assert "GRACEFUL needs one update with FORCED" in said
    properties = parse_properties({**request_body, **graceful})
    check_update(properties, properties, was_forced=True)
