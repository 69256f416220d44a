"""What is deployed of an environment, as the account's CloudFormation and MWAA describe it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.changes.templates import Template, Templates

type Connect = Callable[[str], Any]
"""A boto3 client of a service, by its name."""

NOT_DEPLOYED = {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE", "ROLLBACK_COMPLETE"}
"""States of a stack in which nothing stands."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The stacks that stand, and the MWAA environment."""

    templates: Templates
    environment: Mapping[str, Any] | None
    """As GetEnvironment describes it; None where there is none."""


def read_deployed(
    name: str, stacks: Collection[str], *, connect: Connect, account: str, region: str
) -> Deployed:
    """Read those of `stacks` that stand, and the environment `name`.

    Raises:
        botocore.exceptions.ClientError: the account does not let it be read.
    """
    cloudformation = connect("cloudformation")
    found = {stack: template for stack in stacks if (template := _template(stack, cloudformation))}
    return Deployed(
        templates=Templates(by_stack=found, account=account, region=region),
        environment=_environment(name, connect("mwaa")),
    )


def _template(stack: str, cloudformation: Any) -> Template | None:
    try:
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # of a stack that is not there
            raise
        return None
    if described["StackStatus"] in NOT_DEPLOYED:
        return None
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template: Template = json.loads(body) if isinstance(body, str) else body
    return template


def _environment(name: str, mwaa: Any) -> Mapping[str, Any] | None:
    try:
        environment: Mapping[str, Any] = mwaa.get_environment(Name=name)["Environment"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return environment
