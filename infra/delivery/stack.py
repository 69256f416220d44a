"""The stack `lake-delivery` of an account: GitHub's OIDC provider, and what its tokens may do.

Sources: https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
and https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html for the roles of the CDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.boundary import permissions_boundary, tag_everything
from infra.delivery.reads import READS
from infra.delivery.settings import DeliverySettings, DeploymentSettings
from infra.settings import EnvironmentSettings

STACK_NAME = "lake-delivery"
GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
"""What aws-actions/configure-aws-credentials asks GitHub for."""
DEPLOY_ROLES = ("deploy", "file-publishing", "lookup")
READ_ROLES = ("lookup",)


class DeliveryStack(cdk.Stack):
    """For the environments of one account; each deployment goes with its environment."""

    def __init__(
        self,
        scope: Construct,
        *,
        repository: str,
        delivery: DeliverySettings,
        deployments: Sequence[tuple[DeploymentSettings, EnvironmentSettings]],
    ) -> None:
        environments = [settings for _, settings in deployments]
        account, region = environments[0].account, environments[0].region
        super().__init__(
            scope,
            f"{STACK_NAME}-{account}" if account else STACK_NAME,
            stack_name=STACK_NAME,
            description=f"Data lake on Amazon MWAA: deployments from {repository}",
            env=cdk.Environment(account=account, region=region),
            tags={**delivery.tags, "lake": "lake"},
            permissions_boundary=permissions_boundary(delivery.permissions_boundary),
        )
        tag_everything(self, delivery.tags)
        self._repository = repository
        self._hours = delivery.session_hours
        self._provider_arn = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:oidc-provider/{GITHUB}"
        if not delivery.provider_exists:
            # IAM trusts GitHub's certificate by its own authorities: no thumbprint.
            provider = iam.CfnOIDCProvider(
                self, "GitHub", url=f"https://{GITHUB}", client_id_list=[AUDIENCE]
            )
            self._provider_arn = provider.ref
        for deployment, settings in deployments:
            role = self._role(
                f"Deploy{settings.name.capitalize()}",
                name=f"{STACK_NAME}-{settings.name}",
                description=f"Deploys the environment {settings.name} from GitHub Actions",
                subject=deployment.subject,
            )
            role.add_to_policy(_assume(DEPLOY_ROLES, [settings]))
            for statement in _read(settings):
                role.add_to_policy(statement)
        reader = self._role(
            "PullRequest",
            name=f"{STACK_NAME}-pull-request",
            description="Compares pull requests with what is deployed, and changes nothing",
            subject="pull_request",
        )
        reader.add_to_policy(_assume(READ_ROLES, environments))

    def _role(self, id: str, *, name: str, description: str, subject: str) -> iam.Role:
        """A role that one subject of the repository may assume, and its ARN as an output."""
        role = iam.Role(
            self,
            id,
            role_name=name,
            description=description,
            max_session_duration=cdk.Duration.hours(self._hours),
            assumed_by=iam.WebIdentityPrincipal(
                self._provider_arn,
                {
                    "StringEquals": {
                        f"{GITHUB}:aud": AUDIENCE,
                        f"{GITHUB}:sub": f"repo:{self._repository}:{subject}",
                    }
                },
            ),
        )
        cdk.CfnOutput(self, f"{id}RoleArn", value=role.role_arn)
        return role


def _assume(
    kinds: Sequence[str], environments: Sequence[EnvironmentSettings]
) -> iam.PolicyStatement:
    """The roles that `cdk bootstrap` made where the environments are."""
    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    regions = dict.fromkeys(settings.region or Aws.REGION for settings in environments)
    return iam.PolicyStatement(
        sid="AssumeRolesOfTheCdk",
        actions=["sts:AssumeRole"],
        resources=[
            f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/"
            f"cdk-{qualifier}-{kind}-role-{Aws.ACCOUNT_ID}-{region}"
            for region in regions
            for kind in kinds
        ],
    )


def _read(settings: EnvironmentSettings) -> Iterator[iam.PolicyStatement]:
    """What is looked at before a deploy and after it."""
    known = {
        "prefix": settings.prefix,
        "database": settings.database_name,
        "account": Aws.ACCOUNT_ID,
        "where": f"{settings.region or Aws.REGION}:{Aws.ACCOUNT_ID}",
    }
    own = {"StringEquals": {"aws:ResourceTag/lake": settings.prefix}}
    for read in READS:
        yield iam.PolicyStatement(
            sid=read.sid,
            actions=list(read.actions),
            resources=[
                arn if arn == "*" else f"arn:{Aws.PARTITION}:{arn.format(**known)}"
                for arn in read.resources
            ],
            conditions=own if read.of_own_tag else None,
        )
