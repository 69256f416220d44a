"""A data warehouse in the embedded AWS, made by CloudFormation, and roles that use it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.embedded.running import ACCOUNT_ID, ROOT, Keys, RunningEmulator
from tests.embedded.stacks import Stack

BUCKET = "warehouse-files"
TIMEOUT_SECONDS = 60


def role(service: str | None, statements: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """A role of a template that a service takes, or for None the account's root user."""
    principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    trust: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if service:
        trust["Condition"] = {
            "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": f"arn:aws:redshift-serverless:*:{ACCOUNT_ID}:namespace/*"},
        }
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "rights", "PolicyDocument": policy}],
        },
    }


def allow(actions: str | list[str], *resources: Any, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)} | (
        {"Condition": condition} if condition else {}
    )


def resources(**workgroup: Any) -> dict[str, Any]:
    """A namespace, a work group, the role of COPY, and that of who runs statements."""
    arn = {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]}
    return {
        "CopyRole": role(
            "redshift-serverless.amazonaws.com",
            [
                allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
                allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/open/*"),
                allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/unload/*"),
            ],
        ),
        "Namespace": {
            "Type": "AWS::RedshiftServerless::Namespace",
            "Properties": {
                "NamespaceName": "tested",
                "DbName": "lake",
                "ManageAdminPassword": True,
                "DefaultIamRoleArn": {"Fn::GetAtt": ["CopyRole", "Arn"]},
                "IamRoles": [{"Fn::GetAtt": ["CopyRole", "Arn"]}],
            },
        },
        "Workgroup": {
            "Type": "AWS::RedshiftServerless::Workgroup",
            "Properties": {
                "WorkgroupName": "tested",
                "NamespaceName": {"Ref": "Namespace"},
                "BaseCapacity": 8,
                **workgroup,
            },
        },
        "RunnerRole": role(
            None,
            [
                allow(
                    ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], arn
                ),
                allow("redshift-serverless:GetCredentials", arn),
                allow(
                    [
                        "redshift-data:CancelStatement",
                        "redshift-data:DescribeStatement",
                        "redshift-data:GetStatementResult",
                    ],
                    "*",
                    StringEquals={"redshift-data:statement-owner-iam-userid": "${aws:userid}"},
                ),
            ],
        ),
    }


OUTPUTS = {
    "Workgroup": {"Ref": "Workgroup"},
    "WorkgroupArn": {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]},
    "Address": {"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Address"]},
    "Namespace": {"Ref": "Namespace"},
    "NamespaceArn": {"Fn::GetAtt": ["Namespace", "Namespace.NamespaceArn"]},
    "Secret": {"Fn::GetAtt": ["Namespace", "Namespace.AdminPasswordSecretArn"]},
    "RunnerRole": {"Fn::GetAtt": ["RunnerRole", "Arn"]},
    "CopyRole": {"Fn::GetAtt": ["CopyRole", "Arn"]},
}


@dataclass(frozen=True)
class Warehouse:
    """A stack with a work group `tested`, and statements run on it."""

    emulator: RunningEmulator
    stack: Stack

    def client(self, keys: Keys = ROOT) -> Any:
        return self.emulator.client("redshift-data", keys)

    def run(self, sql: str | list[str], keys: Keys = ROOT, **request: Any) -> dict[str, Any]:
        """Run a statement or a batch to its end."""
        client = self.client(keys)
        if isinstance(sql, list):
            sent = client.batch_execute_statement(WorkgroupName="tested", Sqls=sql, **request)
        else:
            sent = client.execute_statement(WorkgroupName="tested", Sql=sql, **request)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            described: dict[str, Any] = client.describe_statement(Id=sent["Id"])
            if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return described
            assert time.monotonic() < deadline, described
            time.sleep(0.05)

    def rows(self, sql: str, keys: Keys = ROOT, **request: Any) -> list[list[Any]]:
        """The values of a query's rows."""
        described = self.run(sql, keys, **request)
        assert described["Status"] == "FINISHED", described
        records = self.client(keys).get_statement_result(Id=described["Id"])["Records"]
        return [
            [None if "isNull" in field else next(iter(field.values())) for field in record]
            for record in records
        ]

    def runner(self) -> Keys:
        """A session of the role that may run statements, and see its own."""
        return self.emulator.assume(self.stack.outputs()["RunnerRole"])


def deployed(emulator: RunningEmulator) -> Warehouse:
    stack = Stack(emulator, "warehouse")
    assert stack.deploy(resources(), OUTPUTS) == "CREATE_COMPLETE", stack.failures()
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    plays = [{"song": "So What", "seconds": 562.5}, {"song": "Naima", "seconds": None}]
    lines = "\n".join(map(json.dumps, plays)).encode()
    for prefix in ("open", "closed"):
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}/plays.json", Body=lines)
    return Warehouse(emulator, stack)


@pytest.fixture(scope="module")
def warehouse(emulator: RunningEmulator) -> Warehouse:
    return deployed(emulator)


@pytest.fixture
def own_warehouse(own_emulator: RunningEmulator) -> Warehouse:
    """One that a test may kill."""
    return deployed(own_emulator)
