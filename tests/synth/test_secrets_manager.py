"""Airflow looks in Secrets Manager for what its role may read there, and for nothing else."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

import pytest
from aws_cdk import App, Stack

from infra.encryption import Encryption
from infra.environments import DEV
from infra.secrets_manager import secrets_options, secrets_statements
from infra.settings import EnvironmentSettings, NotificationSettings, SecretsSettings
from tests.synth.templates import Templates

REGION, ACCOUNT = "cn-north-1", "111122223333"
SECRET = f"arn:aws-cn:secretsmanager:{REGION}:{ACCOUNT}:secret:"
OWN_NAMES = DEV.model_copy(
    update={
        "secrets": SecretsSettings(connections=("lake_", "crm_"), variables=()),
        "notifications": NotificationSettings(slack_connection_id="hooks"),
    }
)
NONE = DEV.model_copy(update={"secrets": SecretsSettings(connections=(), variables=())})


def arguments(options: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(options["secrets.backend_kwargs"])
    return found


def test_every_environment_has_the_back_end_with_prefixes_and_patterns_of_its_own(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    options = templates.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    assert options["secrets.backend"] == (
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    )
    assert arguments(options) == {
        "connections_prefix": f"{settings.prefix}/connections",
        "connections_lookup_pattern": "^(lake_.*)$",
        "variables_prefix": f"{settings.prefix}/variables",
        "variables_lookup_pattern": "^(lake_.*)$",
        "config_prefix": None,
    }


def test_the_role_may_read_what_airflow_looks_for_with_the_environments_key_alone(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    found = templates.statements_of("Airflow/ExecutionRole")
    assert found["ReadSecrets"]["Action"] == "secretsmanager:GetSecretValue"
    assert found["ReadSecrets"]["Resource"] == [
        f"{SECRET}{settings.prefix}/connections/lake_*",
        f"{SECRET}{settings.prefix}/variables/lake_*",
    ]
    assert found["UseKeyForSecrets"]["Action"] == "kms:Decrypt"
    assert found["UseKeyForSecrets"]["Resource"] == "Key.Arn"
    assert found["UseKeyForSecrets"]["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com"]}
    }


@pytest.mark.parametrize("name", ["lake_x", "crm_x", "hooks", "aws_default", "hooks_2", "xlake_"])
def test_a_connection_is_looked_for_just_where_the_role_may_read_it(name: str) -> None:
    given = arguments(secrets_options(OWN_NAMES))
    stack = Stack(App(analytics_reporting=False), "stack")
    read, _ = secrets_statements(
        settings=OWN_NAMES, encryption=Encryption(stack, settings=OWN_NAMES)
    )

    looked_for = bool(re.match(given["connections_lookup_pattern"], name))
    secret = f"{given['connections_prefix']}/{name}-A1b2C3"
    readable = any(fnmatch.fnmatchcase(secret, arn.rpartition(":")[2]) for arn in read.resources)

    assert looked_for is readable is (name in {"lake_x", "crm_x", "hooks"})
    assert given["variables_prefix"] is None
    assert "variables_lookup_pattern" not in given


def test_an_environment_without_secrets_has_no_back_end() -> None:
    assert secrets_options(NONE) == {}
    stack = Stack(App(analytics_reporting=False), "stack")
    assert secrets_statements(settings=NONE, encryption=Encryption(stack, settings=OWN_NAMES)) == []
