"""What CloudFormation needs to deploy an environment, as policies for the role that it acts with.

The actions are those that AWS's own schemas of the templates' resource types say their handlers
call (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html);
the resources are those that start with the environment's name, where IAM knows a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfnlint.schema.manager import (  # type: ignore[import-untyped]  # has no types
    PROVIDER_SCHEMA_MANAGER,
)

from infra.preflight.assembly import Assembly
from infra.settings import EnvironmentSettings

POLICY_CHARACTERS = 6_144
"""Of a managed policy at most, white space aside
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""
SCHEMAS_OF = "us-east-1"
"""The Region whose schemas are read; they differ by what is not offered yet."""

type Statement = Mapping[str, Any]

WITHOUT_HANDLERS: Mapping[str, tuple[str, ...]] = {
    "AWS::LakeFormation::Resource": tuple(
        f"lakeformation:{verb}Resource" for verb in ("Deregister", "Describe", "Register", "Update")
    ),
}
"""The actions of the resource types whose schemas say none, as CloudFormation's oldest do."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where the actions of a service are allowed."""

    resources: tuple[str, ...] = ("*",)
    """ARNs without `arn:PARTITION:`; every one may name {prefix}, {database} and {where}, which is
    Region and account."""
    anywhere: str = r"List\w+"
    """A pattern for the actions that IAM asks on no resource."""
    left_out: str = r"-"
    """A pattern for actions of the schemas that have nothing to do with what is deployed."""
    more: tuple[str, ...] = ()
    """Actions that no schema names."""
    condition: Mapping[str, Mapping[str, str]] | None = None
    """Of what has no name, how it is known to be the environment's."""


OWN_TAG = {"StringEquals": {"aws:ResourceTag/lake": "{prefix}"}}
"""The tag that each stack of an environment hands to what it makes."""

WIDENING = frozenset(
    f"iam:{action}"
    for action in (
        "AttachRolePolicy",
        "CreateRole",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
    )
)
"""What gives a role rights."""

SCOPES: Mapping[str, Scope] = {
    "airflow": Scope(resources=("airflow:{where}:environment/{prefix}",)),
    "athena": Scope(resources=("athena:{where}:workgroup/{prefix}",), anywhere=r"ListWorkGroups"),
    "budgets": Scope(resources=("budgets::{account}:budget/{prefix}*",)),
    "chatbot": Scope(),
    "cloudwatch": Scope(
        resources=(
            "cloudwatch:{where}:alarm:{prefix}-*",
            "cloudwatch::{account}:dashboard/{prefix}*",
        ),
        # It describes alarms by name, and asks for every one of them.
        anywhere=r"ListDashboards|DescribeAlarms",
    ),
    "ec2": Scope(left_out=r".*(TransferS?|Ipv6|PrivateNatGateway|VpnGateways?|Instances)"),
    "emr-serverless": Scope(
        resources=("emr-serverless:{where}:/applications/*",),
        anywhere=r"CreateApplication|ListApplications",
    ),
    "glue": Scope(
        resources=(
            "glue:{where}:catalog",
            "glue:{where}:database/{database}",
            "glue:{where}:table/{database}/*",
            "glue:{where}:userDefinedFunction/{database}/*",
        ),
        left_out=r".*Connection",
    ),
    "iam": Scope(
        # CloudFormation names a policy by its stack; the policies written here are not its own.
        resources=("iam::{account}:role/{prefix}-*", "iam::{account}:policy/{prefix}-operations-*"),
        anywhere=r"ListRoles|ListPolicies",
        left_out=r"\w+(User|Group)Policy|CreateServiceLinkedRole",
    ),
    "kms": Scope(
        resources=("kms:{where}:key/*",),
        # An alias has no tag, and a key that is being made has none yet.
        anywhere=r"List(Aliases|Keys)|CreateKey|\w+Alias|(Unt|T)agResource",
        condition=OWN_TAG,
    ),
    "lakeformation": Scope(),
    "lambda": Scope(
        resources=(
            "lambda:{where}:function:{prefix}-*",
            "lambda:{where}:layer:*",
        ),
        anywhere=r"List(Functions|LayerVersions)",
        left_out=r".*(CodeSigning\w*|CapacityProvider)",
        more=("InvokeFunction",),  # of the CDK's own resources
    ),
    "logs": Scope(
        resources=(
            "logs:{where}:log-group:airflow-{prefix}-*",
            "logs:{where}:log-group:/aws/*/{prefix}*",
            "logs:{where}:log-group:{prefix}*",
        ),
        anywhere=r"Describe\w+|\w+LogDelivery|\w+(Resource|Index)Polic\w+",
    ),
    "redshift-serverless": Scope(left_out=r".*(Snapshot\w*|RecoveryPoint)"),
    "s3": Scope(
        resources=("s3:::{prefix}-*",),
        anywhere=r"ListAllMyBuckets",
        left_out=r"REST\..*|.*(Metadata\w*|Analytics\w*|Inventory\w*|IntelligentTiering\w*"
        r"|Accelerate\w*|Website|CORS|Cors)",
    ),
    "secretsmanager": Scope(resources=("secretsmanager:{where}:secret:redshift!{prefix}*",)),
    "sns": Scope(
        resources=("sns:{where}:{prefix}-*",),
        anywhere=r"ListTopics|ListSubscriptions|\w+SubscriptionAttributes|Unsubscribe",
    ),
    "sqs": Scope(resources=("sqs:{where}:{prefix}-*",), anywhere=r"ListQueues"),
}
"""The services of the lake; what a schema names of another one is for what is not used here."""


def deployment_policies(
    assembly: Assembly, settings: EnvironmentSettings, *, account: str, region: str
) -> list[Mapping[str, Any]]:
    """The policies that CloudFormation needs for one environment, each within IAM's size.

    Raises:
        KeyError: a resource type that no schema describes.
    """
    known = {
        "prefix": settings.prefix,
        "database": settings.database_name,
        "account": account,
        "region": region,
        "where": f"{region}:{account}",
    }
    statements = [*_within_the_boundary(_statements(assembly), settings.permissions_boundary)]
    filled = json.loads(_fill(json.dumps(statements), known))
    return [{"Version": "2012-10-17", "Statement": some} for some in _within_the_size(filled)]


def _statements(assembly: Assembly) -> Iterator[Statement]:
    """What is to be allowed, with names to be filled in."""
    types = {resource.type for resource in assembly.resources}
    for service, actions in sorted(_actions(types).items()):
        scope = SCOPES[service]
        wanted = {action for action in actions if not re.fullmatch(scope.left_out, action)}
        anywhere = {action for action in wanted if re.fullmatch(scope.anywhere, action)}
        named = wanted - anywhere | set(scope.more)
        resources = [item if item == "*" else f"arn:aws:{item}" for item in scope.resources]
        if resources == ["*"]:
            anywhere, named = wanted, set()
        sid = "".join(word.capitalize() for word in service.split("-"))
        if named:
            yield _allow(sid, service, named, resources, scope.condition)
        if anywhere:
            within = {"StringEquals": {"aws:RequestedRegion": "{region}"}}
            regional = service not in {"iam", "budgets", "s3"}
            yield _allow(f"{sid}Anywhere", service, anywhere, ["*"], within if regional else None)
    yield from _of_the_cdk()
    yield _allow(
        "ServiceLinkedRoles",
        "iam",
        {"CreateServiceLinkedRole"},
        ["arn:aws:iam::{account}:role/aws-service-role/*"],
    )


def _within_the_boundary(
    statements: Iterable[Statement], boundary: str | None
) -> Iterator[Statement]:
    """The statements; no role is made nor given rights unless it has the boundary, if one is set.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    for statement in statements:
        widening = sorted(WIDENING & {*statement["Action"]})
        if boundary is None or not widening:
            yield statement
            continue
        arn = (
            boundary
            if boundary.startswith("arn:")
            else f"arn:aws:iam::{{account}}:policy/{boundary}"
        )
        yield {
            **statement,
            "Sid": f"{statement['Sid']}WithBoundary",
            "Action": widening,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": arn}},
        }
        left = {*statement["Action"]} - WIDENING - {"iam:DeleteRolePermissionsBoundary"}
        yield {**statement, "Action": sorted(left)}


def _of_the_cdk() -> Iterator[Statement]:
    """What the templates read that `cdk bootstrap` and `cdk deploy` put there."""
    yield _allow(
        "Assets",
        "s3",
        {"GetObject", "GetObjectVersion"},
        ["arn:aws:s3:::cdk-*-assets-{account}-{region}/*"],
    )
    yield _allow(
        "BootstrapVersion",
        "ssm",
        {"GetParameters"},
        ["arn:aws:ssm:{where}:parameter/cdk-bootstrap/*"],
    )
    yield _allow(
        "OutputsOfStacks",
        "cloudformation",
        {"DescribeStacks"},
        ["arn:aws:cloudformation:{where}:stack/{prefix}-*"],
    )


def _actions(types: Collection[str]) -> Mapping[str, set[str]]:
    """The actions that the handlers of resource types call, by service."""
    found: dict[str, set[str]] = {}
    for resource_type in sorted(types):
        if resource_type.startswith("Custom::"):
            continue
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(SCHEMAS_OF, resource_type).schema
        handlers = schema["handlers"].values() if "handlers" in schema else ()
        said = [each for handler in handlers for each in handler.get("permissions", [])]
        for permission in said or WITHOUT_HANDLERS[resource_type]:
            service, _, action = permission.partition(":")
            if service in SCOPES:
                found.setdefault(service, set()).add(action)
    return found


def _allow(
    sid: str,
    service: str,
    actions: Iterable[str],
    resources: list[str],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(f"{service}:{action}" for action in actions),
        "Resource": resources,
    }
    return statement | ({"Condition": condition} if condition else {})


def _fill(text: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _within_the_size(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """The statements in policies, each filled as far as IAM lets it be."""
    policy: list[Statement] = []
    for statement in statements:
        if policy and _size([*policy, statement]) > POLICY_CHARACTERS:
            yield policy
            policy = []
        policy.append(statement)
    if policy:
        yield policy


def _size(statements: list[Statement]) -> int:
    document = {"Version": "2012-10-17", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":")))
