"""What is said of a change, and what of it is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.changes.deployed import Deployed
from infra.changes.findings import LOSSES, Finding, findings
from infra.changes.mwaa import Verdict, was_forced
from infra.changes.schemas import replacing_properties
from infra.changes.templates import Templates

TEMPLATES: dict[str, Any] = {
    "airflow": {
        "Resources": {
            "Airflow": {
                "Type": "AWS::MWAA::Environment",
                "Properties": {
                    "Name": "lake-dev",
                    "AirflowVersion": "3.2.1",
                    "WorkerReplacementStrategy": "FORCED",
                    "RequirementsS3Path": "a",
                    "RequirementsS3ObjectVersion": "1",
                    "Tags": {"a": "b"},
                },
            },
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "UpdateReplacePolicy": "Delete",
                "Properties": {"BucketName": "old"},
            },
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "old"}},
        }
    }
}
CREATED: dict[str, Any] = {"AirflowVersion": "3.2.1", "LastUpdate": {"Status": "SUCCESS"}}
UPDATED = CREATED | {"LastUpdate": {"Status": "SUCCESS", "WorkerReplacementStrategy": "FORCED"}}


def found(
    edit: Callable[[Any], object], environment: dict[str, Any] | None = UPDATED
) -> list[Finding]:
    wanted = copy.deepcopy(TEMPLATES)
    edit(wanted["airflow"]["Resources"])
    where = {"account": "123456789012", "region": "eu-west-1"}
    deployed = Deployed(templates=Templates(by_stack=TEMPLATES, **where), environment=environment)
    return list(findings(deployed, Templates(by_stack=wanted, **where)))


def set_airflow(**properties: str) -> Callable[[Any], object]:
    return lambda resources: resources["Airflow"]["Properties"].update(properties)


def test_a_replacement_under_the_same_name_is_refused_with_what_would_be_lost() -> None:
    (line,) = found(set_airflow(EndpointManagement="CUSTOMER"))
    assert line.verdict is Verdict.REFUSED
    assert "because EndpointManagement changes" in line.found
    assert "its name is taken" in line.found
    assert "run history, variables, connections" in line.found
    assert "a second environment beside the first" in line.instead


def test_a_replacement_under_another_name_loses_the_database() -> None:
    (line,) = found(set_airflow(Name="lake-new"))
    assert line.verdict is Verdict.LOSES


def test_a_renamed_bucket_loses_its_objects() -> None:
    def rename(resources: Any) -> None:
        resources["Bucket"]["Properties"]["BucketName"] = "new"

    (line,) = found(rename)
    assert (line.verdict, line.subject) == (Verdict.LOSES, "airflow/Bucket")
    assert "its objects go, with all their versions" in line.found


def test_what_a_policy_keeps_is_said_and_not_refused() -> None:
    kept = copy.deepcopy(TEMPLATES)
    kept["airflow"]["Resources"]["Bucket"]["UpdateReplacePolicy"] = "Retain"
    wanted = copy.deepcopy(kept)
    wanted["airflow"]["Resources"]["Bucket"]["Properties"]["BucketName"] = "new"
    where = {"account": "1", "region": "eu-west-1"}
    deployed = Deployed(templates=Templates(by_stack=kept, **where), environment=None)
    (line,) = findings(deployed, Templates(by_stack=wanted, **where))
    assert line.verdict is Verdict.UPDATES
    assert "stays in the account" in line.found


def test_a_role_comes_and_goes_unsaid() -> None:
    assert found(lambda resources: resources.pop("Role")) == []


def test_an_update_says_what_happens_to_running_tasks() -> None:
    (forced,) = found(set_airflow(RequirementsS3ObjectVersion="2", RequirementsS3Path="b"))
    assert forced.verdict is Verdict.UPDATES
    assert "because Requirements changes" in forced.found
    assert "running tasks are killed" in forced.found
    (graceful,) = found(set_airflow(MaxWorkers="4", WorkerReplacementStrategy="GRACEFUL"))
    assert "for up to 12 hours" in graceful.found


def test_tags_alone_replace_no_worker() -> None:
    assert found(lambda r: r["Airflow"]["Properties"].update(Tags={"a": "c"})) == []


def test_graceful_before_a_first_forced_update_is_refused() -> None:
    (line,) = found(set_airflow(WorkerReplacementStrategy="GRACEFUL"), CREATED)
    assert line.verdict is Verdict.REFUSED
    assert "FORCED" in line.instead
    assert not was_forced(CREATED)
    assert was_forced(UPDATED)


@pytest.mark.parametrize(
    ("wanted", "verdict", "said"),
    [
        ("3.3.1", Verdict.UPDATES, "Airflow 3.2.1 to 3.3.1: MWAA takes a snapshot"),
        ("3.0.6", Verdict.LOSES, "Airflow 3.2.1 back to 3.0.6"),
        ("2.10.3", Verdict.REFUSED, "through 2.11 only"),
        ("3.1.0", Verdict.REFUSED, "MWAA does not offer 3.1.0"),
    ],
)
def test_the_version_of_what_runs_decides(wanted: str, verdict: Verdict, said: str) -> None:
    version, *_ = found(set_airflow(AirflowVersion=wanted))
    assert version.verdict is verdict
    assert said in version.found


def test_every_type_that_is_spoken_of_has_a_schema_or_cannot_be_replaced() -> None:
    without = {type for type in LOSSES if not replacing_properties(type).always}
    assert without == {"AWS::KMS::Key"}
    assert set(replacing_properties("AWS::MWAA::Environment").always) == {
        ("Name",),
        ("KmsKey",),
        ("NetworkConfiguration", "SubnetIds"),
        ("EndpointManagement",),
    }
