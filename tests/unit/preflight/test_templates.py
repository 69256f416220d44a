"""Templates, held to linters and to one list of exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.environments import DEV, ENVIRONMENTS, PROD
from infra.preflight import linters
from infra.preflight.assembly import REPORT, Assembly
from infra.preflight.linters import (
    LinterError,
    cdk_nag,
    cfn_lint,
    checkov_findings,
    parliament,
    policies,
)
from infra.preflight.result import Outcome, Result
from infra.preflight.suppressions import Finding, Suppression, read_suppressions
from infra.preflight.templates import check_templates
from infra.settings import EnvironmentSettings

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Files", "Arn"]}, "/*"]]},
        },
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "Topic"}},
    ],
}
NAME = {"Fn::Join": ["-", ["lake-dev-files", {"Ref": "AWS::AccountId"}]]}


def resource(type: str, path: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": type,
        "Properties": properties,
        "Metadata": {"aws:cdk:path": f"lake-dev-{path}"},
    }


def assembly(folder: Path) -> Assembly:
    template = {
        "Resources": {
            "Files": resource("AWS::S3::Bucket", "storage/Files/Resource", BucketName=NAME),
            "Topic": resource("AWS::SNS::Topic", "storage/Topic/Resource", TopicName="told"),
            "Rights": resource(
                "AWS::IAM::Policy", "storage/Rights/Resource", PolicyDocument=POLICY
            ),
        }
    }
    (folder / "lake-dev-storage.template.json").write_text(json.dumps(template))
    return Assembly.read(folder, prefix="lake-dev")


def finding(rule: str = "S1", resource: str = "storage/Files/Resource") -> Finding:
    return Finding(linter="cdk-nag", rule=rule, resource=resource, text="no logs")


def suppression(rule: str = "S1", resource: str = "*", **more: Any) -> Suppression:
    reason = "somebody else keeps them"
    return Suppression(linter="cdk-nag", rule=rule, resource=resource, reason=reason, **more)


def check(folder: Path, found: list[Finding], *suppressed: Suppression) -> Mapping[str, Result]:
    results = check_templates(
        assembly(folder), suppressions=suppressed, linters={"cdk-nag": lambda _: found}
    )
    return {result.check: result for result in results}


def test_a_finding_fails_unless_it_is_suppressed(tmp_path: Path) -> None:
    failing = check(tmp_path, [finding()])["templates: cdk-nag"]
    passing = check(tmp_path, [finding()], suppression())

    assert failing.outcome is Outcome.FAIL
    assert failing.found == "S1 storage/Files/Resource: no logs"
    assert {result.outcome for result in passing.values()} == {Outcome.PASS}
    assert passing["templates: cdk-nag"].found == "no finding, 1 suppressed with a reason"


def test_a_suppression_that_covers_nothing_fails(tmp_path: Path) -> None:
    result = check(tmp_path, [finding()], suppression(), suppression(resource="network/*"))

    assert result["templates: suppressions"].outcome is Outcome.FAIL
    assert result["templates: suppressions"].found == "covers nothing: cdk-nag S1 network/*"


def test_a_linter_that_does_not_run_is_not_checked_and_needs_no_suppression(
    tmp_path: Path,
) -> None:
    def missing(_: Assembly) -> Iterator[Finding]:
        raise LinterError("checkov is not installed")
        yield

    results = list(
        check_templates(
            assembly(tmp_path),
            suppressions=[suppression().model_copy(update={"linter": "checkov"})],
            linters={"checkov": missing},
        )
    )

    assert [result.outcome for result in results] == [
        Outcome.PASS,
        Outcome.NOT_CHECKED,
        Outcome.PASS,
    ]
    assert results[1].mend == "make .lake/linters-venv/.installed"


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("S1", True),
        ("S*", True),
        ("*", True),
        ("S", False),
        (r"S\*", False),
    ],
)
def test_a_star_stands_for_anything_unless_it_is_escaped(pattern: str, covered: bool) -> None:
    assert suppression(rule=pattern).covers(finding()) is covered


def test_an_escaped_star_covers_a_star() -> None:
    star = finding("IAM5[Resource::*]")

    assert suppression(rule=r"IAM5[Resource::\*]").covers(star)
    assert not suppression(rule=r"IAM5[Resource::\*]").covers(finding("IAM5[Resource::a]"))


def test_a_suppression_needs_a_reason() -> None:
    with pytest.raises(ValidationError, match="reason"):
        Suppression(linter="cdk-nag", rule="S1", resource="*", reason="")


@pytest.mark.parametrize("settings", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_suppressions_of_the_product_are_read(settings: EnvironmentSettings) -> None:
    assert read_suppressions(settings)


def test_a_suppression_may_be_of_one_environment_only(tmp_path: Path) -> None:
    path = tmp_path / "suppressions.yaml"
    entry = suppression(environments=["dev"]).model_dump(mode="json")
    path.write_text(json.dumps([entry]))

    assert len(read_suppressions(DEV, path)) == 1
    assert not read_suppressions(PROD, path)


def test_a_suppression_may_be_of_environments_without_a_key_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "suppressions.yaml"
    entry = suppression(encryption_key="aws-owned").model_dump(mode="json")
    path.write_text(json.dumps([entry]))
    owned = EnvironmentSettings(**{**dict(DEV), "encryption_key": "aws-owned"})

    assert len(read_suppressions(owned, path)) == 1
    assert not read_suppressions(DEV, path)


def test_a_policy_is_rendered_with_the_arns_that_it_will_have(tmp_path: Path) -> None:
    ((path, document),) = policies(assembly(tmp_path))

    assert path == "storage/Rights/Resource"
    assert [statement["Resource"] for statement in document["Statement"]] == [
        "arn:aws:s3:::lake-dev-files-111122223333/*",
        "arn:aws:sns:us-east-1:111122223333:told",
    ]


def test_cdk_nag_is_read_from_the_report_of_the_synthesis(tmp_path: Path) -> None:
    construct = {"constructPath": "lake-dev-storage/Files/Resource"}
    violation = {"ruleName": "S1", "description": "no logs", "violatingConstructs": [construct]}
    report = {"pluginReports": [{"violations": [violation]}]}
    (tmp_path / REPORT).write_text(json.dumps(report))

    assert list(cdk_nag(assembly(tmp_path))) == [finding()]


def test_a_synthesis_without_a_report_is_not_taken_for_one_without_findings(
    tmp_path: Path,
) -> None:
    with pytest.raises(LinterError, match="wrote no validation-report"):
        list(cdk_nag(assembly(tmp_path)))


def test_checkov_is_read_with_the_construct_of_each_resource(tmp_path: Path) -> None:
    failure = {
        "check_id": "CKV_AWS_18",
        "check_name": "logs",
        "resource": "AWS::S3::Bucket.Files",
        "file_path": "/lake-dev-storage.template.json",
    }

    (found,) = checkov_findings({"results": {"failed_checks": [failure]}}, assembly(tmp_path))

    assert (found.rule, found.resource) == ("CKV_AWS_18", "storage/Files/Resource")


def test_cfn_lint_finds_a_property_that_does_not_exist(tmp_path: Path) -> None:
    built = assembly(tmp_path)
    built.templates["lake-dev-storage"]["Resources"]["Files"]["Properties"]["Nmae"] = "x"
    path = tmp_path / "lake-dev-storage.template.json"
    path.write_text(json.dumps(built.templates["lake-dev-storage"]))

    found = {(each.rule, each.resource) for each in cfn_lint(built)}

    assert ("E3002", "storage/Files/Resource") in found


@pytest.mark.skipif(not linters.LINTERS.exists(), reason=linters.INSTALL)
def test_parliament_finds_an_action_that_does_not_exist(tmp_path: Path) -> None:
    built = assembly(tmp_path)
    assert not list(parliament(built))

    wrong = json.loads(json.dumps(built.templates).replace("s3:GetObject", "s3:GetObjects"))
    found = list(parliament(Assembly(folder=tmp_path, prefix="lake-dev", templates=wrong)))

    assert [(each.rule, each.resource) for each in found] == [
        ("UNKNOWN_ACTION", "storage/Rights/Resource")
    ]


def test_a_linter_that_is_not_installed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linters, "LINTERS", tmp_path)

    with pytest.raises(LinterError, match="python is not installed"):
        list(parliament(assembly(tmp_path)))
