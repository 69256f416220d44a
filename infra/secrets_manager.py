"""Secrets Manager as Airflow's back end of secrets, and the right to read those secrets alone.

Sources: https://docs.aws.amazon.com/mwaa/latest/userguide/connections-secrets-manager.html and
https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/secrets-backends/aws-secrets-manager.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from infra.encryption import Encryption
from infra.execution_role import arn
from infra.settings import EnvironmentSettings

SECRETS_BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
ANY_END = "??????"
"""Secrets Manager ends each ARN with a hyphen and six characters of its own."""


def secrets_options(settings: EnvironmentSettings) -> dict[str, str]:
    """The configuration options by which Airflow finds the secrets; none where there are none."""
    arguments: dict[str, str | None] = {"config_prefix": None}
    for kind, names in _patterns(settings):
        arguments[f"{kind}_prefix"] = f"{settings.prefix}/{kind}" if names else None
        if names:
            # A name that is not looked up there costs no call.
            alternatives = "|".join(name.replace("*", ".*") for name in names)
            arguments[f"{kind}_lookup_pattern"] = f"^({alternatives})$"
    if not any(arguments.values()):
        return {}
    return {
        "secrets.backend": SECRETS_BACKEND,
        "secrets.backend_kwargs": json.dumps(arguments, sort_keys=True),
    }


def secrets_statements(
    *, settings: EnvironmentSettings, encryption: Encryption
) -> list[iam.PolicyStatement]:
    """What the DAGs may read of Secrets Manager: what Airflow looks for, and nothing else."""
    readable = [
        # `name*` has what the ARN ends with, and is found missing where there is no such secret.
        arn("secretsmanager", f"secret:{settings.prefix}/{kind}/{name}")
        if name.endswith("*")
        else arn("secretsmanager", f"secret:{settings.prefix}/{kind}/{name}-{ANY_END}")
        for kind, names in _patterns(settings)
        for name in names
    ]
    if not readable:
        return []
    read = iam.PolicyStatement(
        sid="ReadSecrets", actions=["secretsmanager:GetSecretValue"], resources=readable
    )
    use_key = encryption.statements(
        "UseKeyForSecrets",
        actions=["kms:Decrypt"],
        via=[f"secretsmanager.{Aws.REGION}.amazonaws.com"],
    )
    return [read, *use_key]


def _patterns(settings: EnvironmentSettings) -> Iterator[tuple[str, list[str]]]:
    """The names that are looked for, by kind; `*` is any end of one."""
    secrets = settings.secrets
    named = [
        name
        for name in settings.notifications.connection_ids
        if not name.startswith(secrets.connections or "-")
    ]
    yield "connections", [*(f"{beginning}*" for beginning in secrets.connections), *named]
    yield "variables", [f"{beginning}*" for beginning in secrets.variables]
