"""Lake Formation: declared by an environment, deployed, read back, deployed again, destroyed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.environments import DEV
from infra.preflight.lake_formation import decides
from infra.preflight.result import Outcome, Result
from infra.settings import EnvironmentSettings, LakeFormationSettings
from tests.embedded.cdk import Cdk, left_behind
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

READER = f"arn:aws:iam::{ACCOUNT_ID}:role/analyst"
DEPLOYER = f"arn:aws:iam::{ACCOUNT_ID}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT_ID}-{REGION}"


def changed(**values: Any) -> EnvironmentSettings:
    return EnvironmentSettings(**{**dict(DEV), "name": "governed", **values})


SETTINGS = changed(lake_formation=LakeFormationSettings(readers=(READER,)))
BUCKET = f"arn:aws:s3:::lake-governed-curated-{ACCOUNT_ID}-{REGION}"
BY_IAM = {
    "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
    "Permissions": ["ALL"],
}


def make_role(emulator: RunningEmulator, name: str) -> str:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def granted(emulator: RunningEmulator, principal: str) -> dict[str, list[str]]:
    """The permissions of a principal, by kind of resource."""
    found = emulator.client("lakeformation").list_permissions(
        Principal={"DataLakePrincipalIdentifier": principal}
    )
    return {
        next(iter(each["Resource"])): each["Permissions"]
        for each in found["PrincipalResourcePermissions"]
    }


def test_an_environment_comes_with_its_grants_and_goes_with_them(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa, tmp_path_factory: pytest.TempPathFactory
) -> None:
    emulator, lake_formation = own_emulator, own_emulator.client("lakeformation")
    cdk = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    assert make_role(emulator, "analyst") == READER
    before = left_behind(emulator)
    cdk.choose(SETTINGS)
    cdk.deploy()
    emulator.kill_and_start()

    role = own_mwaa.environments["lake-governed"]["ExecutionRoleArn"]
    assert granted(emulator, role) == {
        "DataLocation": ["DATA_LOCATION_ACCESS"],
        "Database": ["ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"],
        "Table": ["ALL"],
    }
    assert granted(emulator, READER) == {"Database": ["DESCRIBE"], "Table": ["DESCRIBE", "SELECT"]}
    assert new_tables_open_to(emulator) == []
    (location,) = lake_formation.list_resources()["ResourceInfoList"]
    assert location["ResourceArn"] == BUCKET
    described = emulator.client("iam").get_role(RoleName=location["RoleArn"].rpartition("/")[2])
    (trust,) = described["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lakeformation.amazonaws.com"}
    assert "Number of stacks with differences: 0" in cdk.diff()
    assert cdk.deploy().count("(no changes)") == 4

    cdk.choose(changed(lake_formation=LakeFormationSettings()))
    cdk.deploy()
    assert granted(emulator, READER) == {}
    assert set(granted(emulator, role)) == {"DataLocation", "Database", "Table"}
    cdk.destroy()
    assert left_behind(emulator) == before


def test_it_is_switched_on_and_off_in_an_environment_that_is_there(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa, tmp_path_factory: pytest.TempPathFactory
) -> None:
    emulator = own_emulator
    cdk = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    before = left_behind(emulator)
    cdk.choose(changed(lake_formation=None))
    cdk.deploy()
    role = own_mwaa.environments["lake-governed"]["ExecutionRoleArn"]
    without = left_behind(emulator)
    assert (without["grants"], without["locations"]) == ([], [])

    cdk.choose(changed(lake_formation=LakeFormationSettings()))
    cdk.deploy()
    assert set(granted(emulator, role)) == {"DataLocation", "Database", "Table"}
    assert new_tables_open_to(emulator) == []

    cdk.choose(changed(lake_formation=None))
    cdk.deploy()
    assert left_behind(emulator) == without
    assert new_tables_open_to(emulator) is None
    assert "Number of stacks with differences: 0" in cdk.diff()
    cdk.destroy()
    assert left_behind(emulator) == before


def new_tables_open_to(emulator: RunningEmulator) -> list[Any] | None:
    """What the database grants on new tables; None: what the account does."""
    found = emulator.client("glue").get_database(Name="lake_governed")["Database"]
    permissions: list[Any] | None = found.get("CreateTableDefaultPermissions")
    return permissions


def grant(**changed: Any) -> dict[str, Any]:
    properties = {
        "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT_ID}:role/asker"},
        "Resource": {"Database": {"CatalogId": ACCOUNT_ID, "Name": "asked"}},
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": [],
    }
    type = "AWS::LakeFormation::PrincipalPermissions"
    return {"Grant": {"Type": type, "Properties": {**properties, **changed}}}


def test_a_grant_that_cannot_be_is_refused_with_its_reason(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "grant")
    unregistered = {"DataLocation": {"CatalogId": ACCOUNT_ID, "ResourceArn": "arn:aws:s3:::asked"}}

    def refused(**changed: Any) -> str:
        assert stack.deploy(grant(**changed)) == "ROLLBACK_COMPLETE"
        reasons = stack.failures()
        stack.delete()
        return reasons[-1]

    assert "Invalid principal" in refused()
    make_role(emulator, "asker")
    assert "Database not found: asked" in refused()
    emulator.client("glue").create_database(DatabaseInput={"Name": "asked"})
    location = {"Resource": unregistered, "Permissions": ["DATA_LOCATION_ACCESS"]}
    assert "is not registered" in refused(**location)
    assert "SELECT is no permission on a Database" in refused(Permissions=["SELECT"])

    assert stack.deploy(grant()) == "CREATE_COMPLETE"
    changed = grant(Permissions=["ALTER"])
    assert stack.deploy(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("cannot be changed" in reason for reason in stack.failures())
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/asker"
    assert granted(emulator, role) == {"Database": ["DESCRIBE"]}
    assert stack.delete() == "DELETE_COMPLETE"
    assert granted(emulator, role) == {}


def test_a_location_is_registered_once_changed_and_deregistered(emulator: RunningEmulator) -> None:
    stack, lake_formation = Stack(emulator, "location"), emulator.client("lakeformation")

    def declared(hybrid: bool) -> dict[str, Any]:
        properties = {
            "ResourceArn": "arn:aws:s3:::tables",
            "UseServiceLinkedRole": True,
            "HybridAccessEnabled": hybrid,
        }
        return {"Location": {"Type": "AWS::LakeFormation::Resource", "Properties": properties}}

    assert stack.deploy(declared(False)) == "CREATE_COMPLETE"
    with pytest.raises(lake_formation.exceptions.AlreadyExistsException):
        lake_formation.register_resource(
            ResourceArn="arn:aws:s3:::tables", UseServiceLinkedRole=True
        )
    assert stack.deploy(declared(True)) == "UPDATE_COMPLETE"
    found = lake_formation.describe_resource(ResourceArn="arn:aws:s3:::tables")["ResourceInfo"]
    assert found["HybridAccessEnabled"] is True
    lake_formation.deregister_resource(ResourceArn="arn:aws:s3:::tables")
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_api_asks_iam_and_refuses_what_it_does_not_have(emulator: RunningEmulator) -> None:
    iam = emulator.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = emulator.client("lakeformation", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    with pytest.raises(ClientError, match=r"lakeformation:GetDataLakeSettings"):
        nobody.get_data_lake_settings()
    with pytest.raises(ClientError, match="ListLFTags is not embedded"):
        emulator.client("lakeformation").list_lf_tags()


def test_preflight_holds_the_settings_of_the_account_to_those_of_the_environment(
    emulator: RunningEmulator,
) -> None:
    lake_formation = emulator.client("lakeformation")

    def asked(settings: EnvironmentSettings) -> Result:
        return decides(settings, connect=emulator.client, account=ACCOUNT_ID, region=REGION)

    def put(*defaults: Any, admins: tuple[str, ...] = ()) -> None:
        lake_formation.put_data_lake_settings(
            DataLakeSettings={
                "DataLakeAdmins": [{"DataLakePrincipalIdentifier": admin} for admin in admins],
                "CreateDatabaseDefaultPermissions": list(defaults),
                "CreateTableDefaultPermissions": list(defaults),
            }
        )

    assert asked(DEV).outcome is Outcome.PASS
    no_admin = asked(SETTINGS)
    assert (no_admin.outcome, "cdk-hnb659fds-cfn-exec-role" in no_admin.found) == (
        Outcome.FAIL, True,
    )  # fmt: skip
    put(BY_IAM, admins=(DEPLOYER,))
    assert asked(SETTINGS).outcome is Outcome.WARN
    put(admins=(DEPLOYER,))
    assert asked(SETTINGS).outcome is Outcome.PASS
    taken_away = asked(DEV)
    assert taken_away.outcome is Outcome.FAIL
    assert "new databases and tables are not open" in taken_away.found
    assert "lake_formation=LakeFormationSettings()" in taken_away.mend
    put(BY_IAM)
