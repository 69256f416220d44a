"""Who may assume which role, and what it may do then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from infra.delivery.__main__ import add_delivery, chosen_delivery
from infra.delivery.settings import DeliverySettings
from infra.environments import DELIVERY
from tests.synth.templates import CONTEXT, Resource, Templates

GITHUB = "token.actions.githubusercontent.com"
ACCOUNT = "arn:aws-cn:iam::111122223333"


def synthesize(outdir: Path, **changes: Any) -> Templates:
    app = cdk.App(context=CONTEXT, outdir=str(outdir), analytics_reporting=False)
    wanted = DELIVERY.model_dump() | {"repository": "me/my-lake"} | changes
    add_delivery(app, delivery=DeliverySettings.model_validate(wanted))
    return Templates({stack.stack_name: stack.template for stack in app.synth().stacks}, {})


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesize(tmp_path_factory.mktemp("delivery"))


def statements(delivery: Templates, role: Resource) -> list[dict[str, Any]]:
    (policy,) = (
        policy
        for policy in delivery.of_type("AWS::IAM::Policy")
        if policy.path.startswith(f"{role.path}/")
    )
    found = policy.properties["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in found} == {"Allow"}
    return list(found)


def roles(delivery: Templates) -> dict[str, Resource]:
    return {role.properties["RoleName"]: role for role in delivery.of_type("AWS::IAM::Role")}


def test_each_role_trusts_one_subject_of_one_repository(delivery: Templates) -> None:
    trusted = {}
    for name, role in roles(delivery).items():
        (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Principal"] == {"Federated": "GitHub"}
        (condition,) = statement["Condition"].items()
        kind, keys = condition
        assert (kind, keys[f"{GITHUB}:aud"]) == ("StringEquals", "sts.amazonaws.com")
        trusted[name] = keys[f"{GITHUB}:sub"]

    assert trusted == {
        "lake-delivery-dev": "repo:me/my-lake:environment:dev",
        "lake-delivery-prod": "repo:me/my-lake:environment:prod",
        "lake-delivery-pull-request": "repo:me/my-lake:pull_request",
    }


def test_the_provider_is_github_and_its_tokens_are_for_aws(delivery: Templates) -> None:
    provider = delivery.only("AWS::IAM::OIDCProvider")
    assert provider.properties["Url"] == f"https://{GITHUB}"
    assert provider.properties["ClientIdList"] == ["sts.amazonaws.com"]


def test_a_deploy_role_assumes_the_roles_of_the_cdk_and_reads_and_nothing_else(
    delivery: Templates,
) -> None:
    for name in ("dev", "prod"):
        assume, *reads = statements(delivery, roles(delivery)[f"lake-delivery-{name}"])
        assert assume["Action"] == "sts:AssumeRole"
        assert assume["Resource"] == [
            f"{ACCOUNT}:role/cdk-hnb659fds-{kind}-role-111122223333-cn-north-1"
            for kind in ("deploy", "file-publishing", "lookup")
        ]
        for read in reads:
            actions = read["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                verb = action.partition(":")[2]
                assert verb.startswith(("Get", "List", "Describe", "Simulate")), action
        named = [r["Resource"] for r in reads if r["Resource"] != "*"]
        assert f"stack/lake-{name}-*/*" in str(named)
        assert f"environment/lake-{name}" in str(named)


def test_a_pull_request_may_look_up_and_no_more(delivery: Templates) -> None:
    (only,) = statements(delivery, roles(delivery)["lake-delivery-pull-request"])

    assert only["Action"] == "sts:AssumeRole"
    assert only["Resource"] == (f"{ACCOUNT}:role/cdk-hnb659fds-lookup-role-111122223333-cn-north-1")


def test_a_provider_that_exists_is_trusted_and_not_made(tmp_path: Path) -> None:
    templates = synthesize(tmp_path, provider_exists=True)

    assert not templates.of_type("AWS::IAM::OIDCProvider")
    for role in templates.of_type("AWS::IAM::Role"):
        (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Federated": f"{ACCOUNT}:oidc-provider/{GITHUB}"}


def test_tags_and_boundary_hold_for_the_delivery_too(tmp_path: Path) -> None:
    templates = synthesize(tmp_path, tags={"team": "lake"}, permissions_boundary="limits")

    for role in templates.of_type("AWS::IAM::Role"):
        assert role.properties["PermissionsBoundary"] == f"{ACCOUNT}:policy/limits"
        assert {"Key": "team", "Value": "lake"} in role.properties["Tags"]


def test_without_a_repository_it_says_where_to_name_one() -> None:
    assert chosen_delivery(cdk.App(context={"repository": "me/x"})).repository == "me/x"
    with pytest.raises(ValueError, match=r"DELIVERY in infra/environments\.py"):
        add_delivery(cdk.App(), delivery=chosen_delivery(cdk.App()))
