"""Namespaces and work groups made, changed and deleted by CloudFormation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.redshift.conftest import OUTPUTS, Warehouse, resources
from tests.embedded.running import ACCOUNT_ID, REGION

pytestmark = pytest.mark.embedded


def folders(warehouse: Warehouse) -> list[Path]:
    """Where the namespaces have their data."""
    return list((warehouse.emulator.folder / "state" / "redshift" / "namespaces").glob("*"))


def tags(warehouse: Warehouse, arn: str) -> dict[str, str]:
    """The tags of a resource without those of CloudFormation."""
    api = warehouse.emulator.client("redshift-serverless")
    found = api.list_tags_for_resource(resourceArn=arn)["tags"]
    return {each["key"]: each["value"] for each in found if not each["key"].startswith("aws:")}


def test_references_and_attributes_are_those_of_the_service(warehouse: Warehouse) -> None:
    outputs = warehouse.stack.outputs()
    api = warehouse.emulator.client("redshift-serverless")
    workgroup = api.get_workgroup(workgroupName="tested")["workgroup"]
    namespace = api.get_namespace(namespaceName="tested")["namespace"]
    assert (outputs["Workgroup"], outputs["Namespace"]) == ("tested", "tested")
    assert outputs["WorkgroupArn"] == workgroup["workgroupArn"]
    assert outputs["NamespaceArn"] == namespace["namespaceArn"]
    assert outputs["Secret"] == namespace["adminPasswordSecretArn"]
    host = f"tested.{ACCOUNT_ID}.{REGION}.redshift-serverless.amazonaws.com"
    assert outputs["Address"] == workgroup["endpoint"]["address"] == host
    assert tags(warehouse, workgroup["workgroupArn"]) == {"team": "lake"}


def test_a_change_is_made_in_place_and_a_wrong_one_is_rolled_back(warehouse: Warehouse) -> None:
    api = warehouse.emulator.client("redshift-serverless")
    before = api.get_workgroup(workgroupName="tested")["workgroup"]["workgroupId"]
    stack = warehouse.stack
    changed = resources(BaseCapacity="16", MaxCapacity="32")
    changed["Workgroup"]["Properties"]["Tags"] = [{"Key": "cost", "Value": "1"}]
    assert stack.deploy(changed, OUTPUTS) == "UPDATE_COMPLETE"
    found = api.get_workgroup(workgroupName="tested")["workgroup"]
    assert (found["workgroupId"], found["baseCapacity"], found["maxCapacity"]) == (before, 16, 32)
    assert tags(warehouse, found["workgroupArn"]) == {"cost": "1", "team": "lake"}
    assert stack.deploy(resources(BaseCapacity=12), OUTPUTS) == "UPDATE_ROLLBACK_COMPLETE"
    assert "baseCapacity: 12 is none of 4, 8 to 512" in stack.failures()[0]
    found = api.get_workgroup(workgroupName="tested")["workgroup"]
    assert found["baseCapacity"] == 16


def test_the_name_of_the_database_cannot_change(warehouse: Warehouse) -> None:
    changed = resources()
    changed["Namespace"]["Properties"]["DbName"] = "other"
    assert warehouse.stack.deploy(changed, OUTPUTS) == "UPDATE_ROLLBACK_COMPLETE"
    assert "DbName of tested cannot be changed" in warehouse.stack.failures()[0]


def test_too_few_zones_are_refused(warehouse: Warehouse) -> None:
    ec2 = warehouse.emulator.client("ec2")
    found = ec2.describe_subnets()["Subnets"]
    one_zone = [each["SubnetId"] for each in found if each["AvailabilityZone"].endswith("a")]
    changed = resources(SubnetIds=one_zone[:1])
    assert warehouse.stack.deploy(changed, OUTPUTS) == "UPDATE_ROLLBACK_COMPLETE"
    assert "at least 3 subnets in 3 Availability Zones" in warehouse.stack.failures()[0]


def test_the_secret_of_the_administrator_opens_the_database(warehouse: Warehouse) -> None:
    secret = warehouse.stack.outputs()["Secret"]
    assert warehouse.rows("select current_user", SecretArn=secret) == [["admin"]]
    forged = warehouse.emulator.client("secretsmanager").create_secret(
        Name="forged", SecretString='{"username": "admin", "password": "guessed"}'
    )["ARN"]
    with pytest.raises(ClientError, match="password authentication failed"):
        warehouse.run("select 1", SecretArn=forged)
    with pytest.raises(ClientError, match="secretsmanager:GetSecretValue"):
        warehouse.run("select 1", warehouse.runner(), SecretArn=secret)


def test_what_was_deployed_and_loaded_survives_a_kill_and_goes_with_the_stack(
    own_warehouse: Warehouse,
) -> None:
    warehouse, secret = own_warehouse, own_warehouse.stack.outputs()["Secret"]
    warehouse.run("create table plays (song varchar(20))")
    warehouse.run("insert into plays values ('Naima')")
    warehouse.emulator.kill_and_start()
    assert warehouse.rows("select song from plays") == [["Naima"]]
    assert len(folders(warehouse)) == 1
    assert warehouse.stack.delete() == "DELETE_COMPLETE"
    warehouse.emulator.kill_and_start()
    api = warehouse.emulator.client("redshift-serverless")
    assert api.list_namespaces()["namespaces"] == api.list_workgroups()["workgroups"] == []
    secrets: Any = warehouse.emulator.client("secretsmanager")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=secret)
    with pytest.raises(ClientError, match="endpoint doesn't exist"):
        warehouse.run("select song from plays")
    assert folders(warehouse) == []
