"""The way to an account, and what cannot be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight.assembly import Assembly
from infra.preflight.result import Result, not_checked

type Connect = Callable[[str], Any]
"""A boto3 client of a service, by its name."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The way to an account, in a region."""

    connect: Connect
    region: str


def asked(check: str, ask: Callable[[], Result]) -> Result:
    """The answer, or `not checked` where the account or the embedded AWS gives none."""
    try:
        return ask()
    except (BotoCoreError, ClientError) as error:
        return not_checked(check, str(error))


def own_resources(assembly: Assembly, connect: Connect) -> Iterator[Any]:
    """What the environment's own stacks have made, as CloudFormation lists it."""
    pages = connect("cloudformation").get_paginator("list_stack_resources")
    for stack in stacks(connect):
        if stack["StackName"] in assembly.templates:
            for page in pages.paginate(StackName=stack["StackName"]):
                yield from page["StackResourceSummaries"]


def stacks(connect: Connect) -> Iterator[Any]:
    """The stacks of the account, as CloudFormation describes them."""
    for page in connect("cloudformation").get_paginator("describe_stacks").paginate():
        yield from page["Stacks"]
