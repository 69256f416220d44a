"""Where an environment is: on AWS, or in the AWS embedded here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.cli.aws import client
from infra.cli.environment import require_listener
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings
from infra.settings import EnvironmentSettings

MWAA_SYNC_SECONDS = 30.0
"""How often MWAA copies DAGs from the bucket
(https://docs.aws.amazon.com/mwaa/latest/userguide/configuring-dag-folder.html)."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """An AWS, as a command reaches it."""

    client: Callable[[str], Any]
    """A boto3 client of a service."""
    sync_seconds: float
    """How often an environment copies its DAGs from the bucket."""
    deploy_command: str
    """What a person runs to deploy to it."""

    def environment(self, settings: EnvironmentSettings) -> Mapping[str, Any]:
        """The MWAA environment as the service describes it.

        Raises:
            Failed: there is none, or the service does not answer.
        """
        try:
            answer = self.client("mwaa").get_environment(Name=settings.prefix)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                raise Failed(
                    f"the environment {settings.name} is not deployed: run `{self.deploy_command}`"
                ) from error
            raise
        return dict(answer["Environment"])


def find_target(
    settings: EnvironmentSettings, *, on_aws: bool, local: Callable[[], LocalSettings]
) -> Target:
    """Where the environment is.

    Raises:
        Failed: it cannot be reached, or the credentials are of another account than its settings
            name.
    """
    return _aws(settings) if on_aws else _embedded(settings, local())


def _embedded(settings: EnvironmentSettings, local: LocalSettings) -> Target:
    require_listener(local)
    return Target(
        client=lambda service: client(service, local),
        sync_seconds=local.sync_seconds,
        deploy_command=f"lake up -e {settings.name}",
    )


def _aws(settings: EnvironmentSettings) -> Target:
    session = boto3.Session(region_name=settings.region)
    if session.region_name is None:
        raise Failed("no region: set AWS_REGION, or `region` in infra/environments.py")
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise Failed(f"no credentials that AWS takes: {error}") from error
    if settings.account not in {None, account}:
        raise Failed(
            f"the credentials are of the account {account}, and the environment "
            f"{settings.name} is in {settings.account} (infra/environments.py)"
        )
    return Target(
        client=session.client,  # type: ignore[arg-type]  # any service
        sync_seconds=MWAA_SYNC_SECONDS,
        deploy_command=f"npx cdk deploy --all -c environment={settings.name}",
    )
