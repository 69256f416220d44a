from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.environments import DEV
from infra.settings import EnvironmentSettings
from tests.synth.templates import Templates


def test_an_environment_has_four_stacks_that_depend_on_each_other_in_one_direction(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    stacks = {
        name: {one for one in artifact.get("dependencies", ()) if not one.endswith(".assets")}
        for name, artifact in templates.manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    prefix = settings.prefix
    assert stacks == {
        f"{prefix}-storage": set(),
        # Flow logs are encrypted with the key.
        f"{prefix}-network": {f"{prefix}-storage"} if settings.name == "prod" else set(),
        f"{prefix}-airflow": {f"{prefix}-storage", f"{prefix}-network"},
        f"{prefix}-operations": {f"{prefix}-storage", f"{prefix}-airflow"},
    }


def test_no_arn_has_a_literal_partition(templates: Templates) -> None:
    assert not [text for text in templates.strings() if re.search(r"arn:aws[a-z-]*:", text)]


@pytest.mark.parametrize("account", [None, "111122223333"])
def test_synthesis_asks_aws_nothing(account: str | None, tmp_path: Path) -> None:
    """Neither with nor without an explicit account and region, which start look-ups."""
    region = "eu-west-1" if account else None
    settings = DEV.model_copy(update={"account": account, "region": region})
    assert "missing" not in Templates.synthesize(settings, outdir=tmp_path).manifest


def test_prod_alone_is_protected_from_termination(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    protected = {
        artifact["properties"].get("terminationProtection", False)
        for artifact in templates.manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert protected == {settings.name == "prod"}


def test_every_stack_is_tagged_with_its_lake(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    tags = [
        artifact["properties"]["tags"]
        for artifact in templates.manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert tags == [{"lake": settings.prefix}] * 4


def test_dev_keeps_nothing_and_prod_keeps_its_data(dev: Templates, prod: Templates) -> None:
    kept = {
        "AWS::Athena::WorkGroup",
        "AWS::Glue::Database",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
    }
    for resource in dev.resources:
        assert resource.deletion_policy != "Retain", resource.path
    for resource in prod.resources:
        if resource.type in kept:
            assert resource.deletion_policy == "Retain", resource.path
    emptied = {one.properties["BucketName"] for one in dev.of_type("Custom::S3AutoDeleteObjects")}
    assert emptied == {bucket.name for bucket in dev.of_type("AWS::S3::Bucket")}
    assert not prod.of_type("Custom::S3AutoDeleteObjects")


def test_every_function_logs_to_a_group_of_the_stack(templates: Templates) -> None:
    """Otherwise Lambda makes a log group that outlives the stack and never expires."""
    groups = {group.name for group in templates.of_type("AWS::Logs::LogGroup")}
    functions = templates.of_type("AWS::Lambda::Function")
    assert functions
    for function in functions:
        assert function.properties["LoggingConfig"]["LogGroup"] in groups, function.path


def test_log_groups_are_encrypted_and_expire(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    groups = templates.of_type("AWS::Logs::LogGroup")
    assert groups
    for group in groups:
        assert group.properties["KmsKeyId"] == "Key.Arn"
        assert group.properties["RetentionInDays"] == settings.log_retention_days
