"""What an account's Lake Formation does with a database and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.preflight.connection import Connect
from infra.preflight.result import Result, failed, passed, warned
from infra.settings import EnvironmentSettings

CHECK = "account: Lake Formation"
EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
"""Whoever IAM lets; what accounts grant by default on what is made in the catalog."""
DEFAULTS = {
    "CreateDatabaseDefaultPermissions": "databases",
    "CreateTableDefaultPermissions": "tables",
}
DEPLOYER = "cdk-hnb659fds-cfn-exec-role-{account}-{region}"
"""The role of the CDK's bootstrap that CloudFormation deploys with."""


def decides(
    settings: EnvironmentSettings, *, connect: Connect, account: str, region: str
) -> Result:
    """Whether the account's settings fit those of the environment."""
    found = connect("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    by_iam = [what for name, what in DEFAULTS.items() if EVERYBODY in _named(found.get(name, ()))]
    if settings.lake_formation is None:
        return _left_to_iam(by_iam)
    role = DEPLOYER.format(account=account, region=region)
    admins = [each["DataLakePrincipalIdentifier"] for each in found.get("DataLakeAdmins", ())]
    if not any(admin.endswith(f":role/{role}") for admin in admins):
        return failed(
            CHECK,
            f"{role} is no administrator of the data lake, and cannot grant what is declared",
            "Lake Formation's console, Administrative roles and tasks: add it to the data lake "
            "administrators",
        )
    if "databases" in by_iam:
        return warned(
            CHECK,
            f"new databases are open to {EVERYBODY}: whoever IAM lets may make tables there",
            "Lake Formation's console, Data Catalog settings: take the default of databases away; "
            f"revoke it from {settings.database_name} if it is there",
        )
    return passed(CHECK, f"{role} is an administrator; grants decide")


def _left_to_iam(by_iam: Iterable[str]) -> Result:
    if missing := [what for what in DEFAULTS.values() if what not in by_iam]:
        return failed(
            CHECK,
            f"new {' and '.join(missing)} are not open to {EVERYBODY}: the DAGs could not read or "
            "change their tables",
            "set lake_formation=LakeFormationSettings() (docs/catalog.md), or give the default "
            "back in Lake Formation's console, Data Catalog settings",
        )
    return passed(CHECK, "IAM decides, as accounts have it by default")


def _named(permissions: Iterable[Mapping[str, Any]]) -> set[str]:
    return {each["Principal"]["DataLakePrincipalIdentifier"] for each in permissions}
