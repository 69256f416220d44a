"""The account that an environment is deployed to, before it is.

Only calls that read. What cannot be asked is `not checked`, and never a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight import lake_formation
from infra.preflight.assembly import Assembly
from infra.preflight.connection import Account, Connect, asked, stacks
from infra.preflight.names import names_free
from infra.preflight.quotas import QUOTAS, room
from infra.preflight.result import Result, failed, passed
from infra.settings import EnvironmentSettings

BOOTSTRAP_STACK = "CDKToolkit"
BOOTSTRAP_VERSION = 6
"""The least that the stacks' `requiresBootstrapStackVersion` takes."""


def check_account(
    settings: EnvironmentSettings, assembly: Assembly, *, account: Account
) -> Iterator[Result]:
    """Check the account for the environment of `assembly`."""
    connect, region = account.connect, account.region
    try:
        account_id = connect("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        yield failed(
            "account: credentials",
            str(error),
            "`lake up`, or --aws with credentials, or --no-account",
        )
        return
    yield of_the_settings(settings, account=account_id, region=region)
    yield asked("account: bootstrap", lambda: bootstrapped(connect))
    yield asked(
        "account: names",
        lambda: names_free(assembly, connect=connect, account=account_id, region=region),
    )
    yield asked(
        lake_formation.CHECK,
        lambda: lake_formation.decides(
            settings, connect=connect, account=account_id, region=region
        ),
    )
    for quota in QUOTAS:
        check = f"account: quota, {quota.name}"
        yield asked(check, partial(room, check, quota, assembly, connect))


def of_the_settings(settings: EnvironmentSettings, *, account: str, region: str) -> Result:
    """Whether it is the account and the region that the settings name, if they do."""
    check = "account: credentials"
    for name, wanted, found in (
        ("account", settings.account, account),
        ("region", settings.region, region),
    ):
        if wanted not in (None, found):
            return failed(
                check,
                f"{name} {found}, where {settings.name} belongs to {wanted}",
                f"use that {name}'s credentials, or change infra/environments.py",
            )
    return passed(check, f"account {account}, region {region}")


def bootstrapped(connect: Connect) -> Result:
    """Whether the CDK's bootstrap is there, and new enough."""
    check, mend = "account: bootstrap", "npx cdk bootstrap"
    outputs = [
        {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
        for stack in stacks(connect)
        if stack["StackName"] == BOOTSTRAP_STACK
    ]
    if not outputs:
        return failed(check, f"no stack {BOOTSTRAP_STACK}", mend)
    version = int(outputs[0].get("BootstrapVersion", 0))
    if version < BOOTSTRAP_VERSION:
        return failed(check, f"version {version}, {BOOTSTRAP_VERSION} is needed", mend)
    return passed(check, f"version {version}")
