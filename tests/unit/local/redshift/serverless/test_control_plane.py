"""Namespaces, work groups and usage limits: what is kept, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from infra.local.redshift.api_model import ApiModel
from infra.local.redshift.errors import ApiError
from infra.local.redshift.serverless import ControlPlane
from infra.local.redshift.serverless.register import Register

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/copy"


class Surroundings:
    """Secrets, subnets and data in memory."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.dropped: list[str] = []
        self.zones = {f"subnet-{n}": f"us-east-1{'abc'[n % 3]}" for n in range(6)}

    def make_secret(self, name: str, *, text: str, kms_key_id: str | None) -> str:  # noqa: ARG002 - protocol
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
        self.secrets[arn] = text
        return arn

    def drop_secret(self, arn: str) -> None:
        self.secrets.pop(arn, None)

    def zones_of(self, subnet_ids: Sequence[str]) -> dict[str, str]:
        return {id: zone for id, zone in self.zones.items() if id in subnet_ids}

    def drop_data(self, namespace_id: str) -> None:
        self.dropped.append(namespace_id)


class Account:
    """Calls the control plane, whose state is JSON."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.surroundings = Surroundings()

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.state = json.loads(json.dumps(self.state))
        control_plane = ControlPlane(
            register=Register.of(self.state, account_id=ACCOUNT, region=REGION),
            surroundings=self.surroundings,
            api=ApiModel.of("redshift-serverless"),
        )
        return control_plane.handle(operation, request, db_user="IAMR:tested")

    def refused(self, operation: str, **request: Any) -> str:
        """The code and the message of a call that must be refused."""
        with pytest.raises(ApiError) as error:
            self(operation, **request)
        return f"{error.value.code}: {error.value}"


@pytest.fixture
def aws() -> Account:
    return Account()


@pytest.fixture
def lake(aws: Account) -> Account:
    aws("CreateNamespace", namespaceName="lake", dbName="lake", manageAdminPassword=True)
    aws("CreateWorkgroup", workgroupName="lake", namespaceName="lake", baseCapacity=8)
    return aws


def test_a_namespace_has_what_was_asked_for_and_defaults(aws: Account) -> None:
    made = aws("CreateNamespace", namespaceName="lake", iamRoles=[ROLE], defaultIamRoleArn=ROLE)
    namespace = made["namespace"]
    assert namespace["namespaceArn"].endswith(f":namespace/{namespace['namespaceId']}")
    assert (namespace["dbName"], namespace["adminUsername"]) == ("dev", "admin")
    assert namespace["iamRoles"] == [f"IamRole(applyStatus=in-sync, iamRoleArn={ROLE})"]
    assert aws("GetNamespace", namespaceName="lake") == made
    assert aws("ListNamespaces")["namespaces"] == [namespace]


def test_a_managed_password_is_a_secret_that_ends_with_the_namespace(aws: Account) -> None:
    made = aws("CreateNamespace", namespaceName="lake", manageAdminPassword=True)["namespace"]
    secrets = aws.surroundings.secrets
    text = json.loads(secrets[made["adminPasswordSecretArn"]])
    assert text["username"] == "admin"
    assert len(text["password"]) == 32
    assert text["password"] not in json.dumps(aws.state)
    aws("DeleteNamespace", namespaceName="lake")
    assert not secrets
    assert aws.surroundings.dropped == [made["namespaceId"]]


def test_a_given_password_replaces_a_managed_one(lake: Account) -> None:
    lake(
        "UpdateNamespace", namespaceName="lake", adminUsername="admin", adminUserPassword="Secret12"
    )
    assert not lake.surroundings.secrets
    assert "adminPasswordSecretArn" not in lake("GetNamespace", namespaceName="lake")["namespace"]
    assert "Secret12" not in json.dumps(lake.state)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"namespaceName": "No"}, "length greater than or equal to 3"),
        ({"namespaceName": "No_underscore"}, "regular expression pattern: ^[a-z0-9-]+$"),
        ({}, "Value null at 'namespaceName'"),
        ({"namespaceName": "lake", "logExports": ["querylog"]}, "enum value set"),
        ({"namespaceName": "lake", "manageAdminPassword": "yes"}, "must be a boolean"),
        ({"namespaceName": "lake", "dbName": "1st"}, "database name '1st' is not valid"),
        ({"namespaceName": "lake", "adminUserPassword": "secret"}, "8 to 64 printable"),
        ({"namespaceName": "lake", "defaultIamRoleArn": ROLE}, "none of the namespace's iamRoles"),
        (
            {"namespaceName": "lake", "adminUserPassword": "Secret12", "manageAdminPassword": True},
            "exclude each other",
        ),
    ],
)
def test_a_namespace_that_cannot_be_is_refused(
    aws: Account, request_: dict[str, Any], message: str
) -> None:
    refusal = aws.refused("CreateNamespace", **request_)
    assert refusal.startswith("ValidationException: ")
    assert message in refusal
    assert aws("ListNamespaces")["namespaces"] == []


def test_a_password_is_not_in_the_refusal(aws: Account) -> None:
    refusal = aws.refused("CreateNamespace", namespaceName="lake", adminUserPassword=12345678)
    assert "12345678" not in refusal


def test_a_work_group_is_creating_and_then_available(lake: Account) -> None:
    made = lake("UpdateWorkgroup", workgroupName="lake", baseCapacity=16)["workgroup"]
    assert made["status"] == "MODIFYING"
    found = lake("GetWorkgroup", workgroupName="lake")["workgroup"]
    assert (found["status"], found["baseCapacity"]) == ("AVAILABLE", 16)
    address = f"lake.{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com"
    assert (found["endpoint"]["address"], found["endpoint"]["port"]) == (address, 5439)


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        ({"baseCapacity": 12}, "ValidationException: baseCapacity: 12 is none of 4, 8 to 512"),
        ({"baseCapacity": 16, "maxCapacity": 8}, "ValidationException: maxCapacity: 8 is less"),
        ({"subnetIds": ["subnet-0", "subnet-1"]}, "ValidationException: subnetIds: a workgroup "),
        (
            {"subnetIds": ["subnet-0", "subnet-1", "subnet-3"]},
            "ValidationException: subnetIds: a workgroup needs at least 3 subnets in 3 Av",
        ),
        ({"subnetIds": ["subnet-9"]}, "ValidationException: subnetIds: the subnet subnet-9 does"),
        (
            {"configParameters": [{"parameterKey": "fsync", "parameterValue": "off"}]},
            "ValidationException: configParameters: fsync is not a parameter",
        ),
        ({"namespaceName": "other"}, "ResourceNotFoundException: Namespace other was not found."),
    ],
)
def test_a_work_group_that_cannot_be_is_refused(
    aws: Account, request_: dict[str, Any], refusal: str
) -> None:
    aws("CreateNamespace", namespaceName="lake")
    wanted = {"workgroupName": "lake", "namespaceName": "lake"} | request_
    assert aws.refused("CreateWorkgroup", **wanted).startswith(refusal)
    assert aws("ListWorkgroups")["workgroups"] == []


def test_subnets_in_three_zones_are_enough(aws: Account) -> None:
    aws("CreateNamespace", namespaceName="lake")
    subnets = ["subnet-0", "subnet-1", "subnet-2"]
    aws("CreateWorkgroup", workgroupName="lake", namespaceName="lake", subnetIds=subnets)
    assert aws("GetWorkgroup", workgroupName="lake")["workgroup"]["subnetIds"] == subnets


def test_a_namespace_has_one_work_group_and_stays_while_it_has(lake: Account) -> None:
    assert lake.refused("CreateNamespace", namespaceName="lake").startswith("ConflictException")
    assert "already has the workgroup lake" in lake.refused(
        "CreateWorkgroup", workgroupName="more", namespaceName="lake"
    )
    assert "is used by the workgroup lake" in lake.refused("DeleteNamespace", namespaceName="lake")
    lake("DeleteWorkgroup", workgroupName="lake")
    lake("DeleteNamespace", namespaceName="lake")
    assert lake.refused("DeleteNamespace", namespaceName="lake").startswith("ResourceNotFound")


def test_usage_limits_belong_to_their_work_group(lake: Account) -> None:
    arn = lake("GetWorkgroup", workgroupName="lake")["workgroup"]["workgroupArn"]
    limit = {"resourceArn": arn, "usageType": "serverless-compute", "amount": 10}
    made = lake("CreateUsageLimit", **limit, period="daily", breachAction="deactivate")
    id = made["usageLimit"]["usageLimitId"]
    assert "already has a daily usage limit" in lake.refused(
        "CreateUsageLimit", **limit, period="daily"
    )
    assert "greater than 0" in lake.refused("UpdateUsageLimit", usageLimitId=id, amount=0)
    lake("UpdateUsageLimit", usageLimitId=id, amount=20)
    assert lake("GetUsageLimit", usageLimitId=id)["usageLimit"]["amount"] == 20
    assert len(lake("ListUsageLimits", resourceArn=arn)["usageLimits"]) == 1
    lake("DeleteWorkgroup", workgroupName="lake")
    assert lake("ListUsageLimits")["usageLimits"] == []


def test_tags_are_kept_by_arn(lake: Account) -> None:
    arn = lake("GetNamespace", namespaceName="lake")["namespace"]["namespaceArn"]
    lake(
        "TagResource", resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": ""}]
    )
    lake("UntagResource", resourceArn=arn, tagKeys=["a", "never"])
    assert lake("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "b", "value": ""}]
    many = [{"key": f"k{n}", "value": ""} for n in range(200)]
    assert lake.refused("TagResource", resourceArn=arn, tags=many).startswith("TooManyTags")
    assert lake.refused("ListTagsForResource", resourceArn="arn:other").startswith("ResourceNotF")


def test_lists_come_in_pages(aws: Account) -> None:
    for number in range(5):
        aws("CreateNamespace", namespaceName=f"lake-{number}")
    first = aws("ListNamespaces", maxResults=3)
    rest = aws("ListNamespaces", maxResults=3, nextToken=first["nextToken"])
    names = [each["namespaceName"] for each in first["namespaces"] + rest["namespaces"]]
    assert names == [f"lake-{number}" for number in range(5)]
    assert "nextToken" not in rest


def test_credentials_name_who_calls_and_end(lake: Account) -> None:
    credentials = lake("GetCredentials", workgroupName="lake", durationSeconds=900)
    assert credentials["dbUser"] == "IAMR:tested"
    assert "from 900 to 3600" in lake.refused(
        "GetCredentials", workgroupName="lake", durationSeconds=60
    )


def test_what_is_not_here_is_refused_by_name(lake: Account) -> None:
    refusal = lake.refused("CreateSnapshot", namespaceName="lake", snapshotName="kept")
    assert (
        refusal == "UnsupportedOperation: CreateSnapshot is not supported by the embedded Redshift"
    )
