"""The policies of `lake rights`, for the stacks as they are synthesized."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.delivery.rights import POLICY_CHARACTERS, SCOPES, deployment_policies
from infra.environments import DEV
from infra.local.emulator.cloudformation.rights import RIGHTS
from infra.preflight.assembly import ACCOUNT, REGION, Assembly, synthesize
from infra.settings import (
    EnvironmentSettings,
    LakeFormationSettings,
    OperationsSettings,
    SlackSettings,
)

CHANNEL = SlackSettings(workspace_id="T0123ABCD", channel_id="C0123ABCD")


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Of an environment that has of everything."""
    everything = {
        "lake_formation": LakeFormationSettings(),
        "operations": OperationsSettings(slack=CHANNEL),
    }
    settings = DEV.on_redshift().model_copy(update=everything)
    return synthesize(settings, tmp_path_factory.mktemp("dev"))


def policies(assembly: Assembly, settings: EnvironmentSettings = DEV) -> list[Mapping[str, Any]]:
    return deployment_policies(assembly, settings, account=ACCOUNT, region=REGION)


def statements(assembly: Assembly, settings: EnvironmentSettings = DEV) -> Iterator[Any]:
    for policy in policies(assembly, settings):
        yield from policy["Statement"]


def test_each_policy_is_as_long_as_iam_takes_it(assembly: Assembly) -> None:
    for policy in policies(assembly):
        assert len(re.sub(r"\s", "", json.dumps(policy))) <= POLICY_CHARACTERS


def test_a_service_is_known_for_every_resource_type_and_so_is_what_the_embedded_aws_asks(
    assembly: Assembly,
) -> None:
    types = {resource.type for resource in assembly.resources}
    assert types - set(RIGHTS) == {kind for kind in types if kind.startswith("Custom::")}
    asked = {
        action
        for kind in types & set(RIGHTS)
        for action in (*RIGHTS[kind].create, *RIGHTS[kind].update, *RIGHTS[kind].delete)
    }
    assert {action.partition(":")[0] for action in asked} <= set(SCOPES)
    allowed = {action for statement in statements(assembly) for action in statement["Action"]}
    assert asked <= allowed


def test_roles_buckets_and_keys_of_others_are_out_of_reach(assembly: Assembly) -> None:
    for action, arn in {
        "iam:PutRolePolicy": f"arn:aws:iam::{ACCOUNT}:role/somebody",
        "iam:PassRole": f"arn:aws:iam::{ACCOUNT}:role/lake-prod-role",
        "iam:CreatePolicyVersion": f"arn:aws:iam::{ACCOUNT}:policy/lake-dev-deploy-1",
        "s3:DeleteBucket": f"arn:aws:s3:::lake-prod-curated-{ACCOUNT}-{REGION}",
        "glue:DeleteDatabase": f"arn:aws:glue:{REGION}:{ACCOUNT}:database/lake_prod",
    }.items():
        assert not [each for each in statements(assembly) if allows(each, action, arn)], action
    keys = [each for each in statements(assembly) if "kms:ScheduleKeyDeletion" in each["Action"]]
    (of_keys,) = keys
    assert of_keys["Condition"] == {"StringEquals": {"aws:ResourceTag/lake": "lake-dev"}}


def allows(statement: Mapping[str, Any], action: str, arn: str) -> bool:
    return action in statement["Action"] and any(
        fnmatchcase(arn, pattern) for pattern in statement["Resource"]
    )


def test_with_a_boundary_no_role_gets_rights_without_it(assembly: Assembly) -> None:
    bounded = DEV.model_copy(update={"permissions_boundary": "developer"})
    found = [
        (action, each.get("Condition"))
        for each in statements(assembly, bounded)
        for action in each["Action"]
        if action in {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"}
    ]
    arn = f"arn:aws:iam::{ACCOUNT}:policy/developer"
    condition = {"StringEquals": {"iam:PermissionsBoundary": arn}}
    assert found == [
        ("iam:AttachRolePolicy", condition),
        ("iam:CreateRole", condition),
        ("iam:PutRolePolicy", condition),
    ]
    every = {action for each in statements(assembly, bounded) for action in each["Action"]}
    assert "iam:DeleteRolePermissionsBoundary" not in every


def test_the_command_writes_a_file_a_policy_and_says_how_an_account_gets_them(
    tmp_path: Path,
) -> None:
    place = ["--account", ACCOUNT, "--region", REGION, "--out", str(tmp_path / "rights")]
    said = CliRunner().invoke(app, ["rights", "dev", *place])
    assert said.exit_code == 0, said.output
    written = sorted((tmp_path / "rights").iterdir())
    assert [file.name for file in written] == ["lake-dev-deploy-1.json", "lake-dev-deploy-2.json"]
    assert json.loads(written[0].read_text())["Version"] == "2012-10-17"
    arns = ",".join(f"arn:aws:iam::{ACCOUNT}:policy/{file.stem}" for file in written)
    assert f"cdk bootstrap aws://{ACCOUNT}/{REGION} --cloudformation-execution-policies {arns}" in (
        said.output
    )


def test_the_command_asks_where_if_nothing_says_it() -> None:
    said = CliRunner().invoke(app, ["rights", "dev"])
    assert said.exit_code == 1
    assert "no account: give --account, or set account in" in str(said.exception)
