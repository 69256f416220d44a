"""Redshift: a stack where it is asked for, nothing where it is not."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from app import chosen_settings
from infra.environments import DEV, PROD
from infra.settings import NewVpc, RedshiftSettings
from tests.synth.templates import CONTEXT, Templates

ACCOUNT, REGION, PARTITION = "111122223333", "cn-north-1", "aws-cn"
NAMESPACE, WORKGROUP = "AWS::RedshiftServerless::Namespace", "AWS::RedshiftServerless::Workgroup"
WORKGROUP_ARN = "Redshift/Workgroup.Workgroup.WorkgroupArn"
COPY_ROLE = "Redshift/CopyRole.Arn"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates.synthesize(DEV.on_redshift(), outdir=tmp_path_factory.mktemp("warehouse"))


def statements(templates: Templates, path: str) -> dict[str, dict[str, Any]]:
    policy = templates.only("AWS::IAM::Policy", path)
    return {
        statement["Sid"]: {key: value for key, value in statement.items() if key != "Sid"}
        for statement in policy.properties["PolicyDocument"]["Statement"]
    }


def test_an_environment_without_it_has_no_trace_of_it(templates: Templates) -> None:
    assert DEV.redshift is PROD.redshift is None
    assert not any("redshift" in text.lower() for text in templates.strings())


def test_the_context_switches_it_on() -> None:
    def chosen(**context: str) -> Any:
        return chosen_settings(cdk.App(context=CONTEXT | context))

    assert chosen() == DEV
    assert chosen(redshift="true") == DEV.on_redshift()
    assert chosen(environment="prod", redshift="true") == PROD.on_redshift()
    assert chosen(redshift="false") == DEV


def test_it_can_be_deployed_while_the_models_stay_with_athena(tmp_path: Path) -> None:
    settings = DEV.model_copy(update={"redshift": RedshiftSettings(base_rpus=16)})
    templates = Templates.synthesize(settings, outdir=tmp_path)
    assert templates.only(WORKGROUP).properties["BaseCapacity"] == 16
    options = templates.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    assert options["lake.models_on"] == "athena"


def test_the_namespace_is_encrypted_and_nobody_knows_its_password(warehouse: Templates) -> None:
    properties = warehouse.only(NAMESPACE).properties
    assert properties == {
        "NamespaceName": "lake-dev",
        "DbName": "lake",
        "AdminUsername": "lakeadmin",
        "ManageAdminPassword": True,
        "AdminPasswordSecretKmsKeyId": "Key.Arn",
        "KmsKeyId": "Key.Arn",
        "DefaultIamRoleArn": COPY_ROLE,
        "IamRoles": [COPY_ROLE],
        "LogExports": ["connectionlog", "useractivitylog", "userlog"],
    }


def test_the_work_group_is_small_limited_and_not_reachable(warehouse: Templates) -> None:
    properties = warehouse.only(WORKGROUP).properties
    assert (properties["WorkgroupName"], properties["NamespaceName"]) == ("lake-dev", "lake-dev")
    assert (properties["BaseCapacity"], properties["MaxCapacity"]) == (8, 32)
    assert properties["PubliclyAccessible"] is False
    assert {
        each["ParameterKey"]: each["ParameterValue"] for each in properties["ConfigParameters"]
    } == {
        "enable_user_activity_logging": "true",
        "max_query_execution_time": "3600",
        "require_ssl": "true",
    }
    group = warehouse.only("AWS::EC2::SecurityGroup", "Redshift/SecurityGroup").properties
    assert "SecurityGroupIngress" not in group


def test_its_subnets_are_three_in_three_zones_without_a_way_out(warehouse: Templates) -> None:
    own = [one for one in warehouse.of_type("AWS::EC2::Subnet") if one.path.startswith("Redshift/")]
    assert [one.properties["AvailabilityZone"] for one in own] == ["zone 0", "zone 1", "zone 2"]
    blocks = [
        IPv4Network(one.properties["CidrBlock"]) for one in warehouse.of_type("AWS::EC2::Subnet")
    ]
    vpc = DEV.network.vpc
    assert isinstance(vpc, NewVpc)
    assert all(block.subnet_of(IPv4Network(vpc.cidr)) for block in blocks)
    assert not [(a, b) for a in blocks for b in blocks if a is not b and a.overlaps(b)]
    assert len(warehouse.only(WORKGROUP).properties["SubnetIds"]) == 3
    assert not [
        route
        for route in warehouse.of_type("AWS::EC2::Route")
        if route.path.startswith("Redshift/")
    ]


def test_mwaas_subnets_stay_as_they_are(warehouse: Templates, dev: Templates) -> None:
    def raw(templates: Templates) -> Any:
        resources = templates.raw["lake-dev-network"]["Resources"]
        return {name: each for name, each in resources.items() if "Subnet" in each["Type"]}

    assert raw(warehouse) == raw(dev)


def test_its_logs_end(warehouse: Templates) -> None:
    groups = {
        group.name: group.properties["RetentionInDays"]
        for group in warehouse.of_type("AWS::Logs::LogGroup")
        if group.stack == "lake-dev-redshift"
    }
    logs = ("connectionlog", "useractivitylog", "userlog")
    assert groups == {f"/aws/redshift/lake-dev/{log}": DEV.log_retention_days for log in logs}
    policy = warehouse.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
    admitted = next(one for one in policy if one.get("Sid") == "EncryptLogGroups")
    names = admitted["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert any(name.endswith(":log-group:/aws/redshift/lake-dev/*") for name in names)


def test_redshift_alone_takes_the_role_of_copy_and_for_this_account_alone(
    warehouse: Templates,
) -> None:
    role = warehouse.only("AWS::IAM::Role", "Redshift/CopyRole").properties
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {
        "Service": ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]
    }
    namespaces = f"arn:{PARTITION}:redshift-serverless:{REGION}:{ACCOUNT}:namespace/*"
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": namespaces},
    }


def test_copy_reads_tables_and_originals_and_unload_writes_under_its_prefix(
    warehouse: Templates,
) -> None:
    found = statements(warehouse, "Redshift/CopyPermissions")
    landing = f"arn:{PARTITION}:s3:::lake-dev-landing-{ACCOUNT}-{REGION}"
    curated = f"arn:{PARTITION}:s3:::lake-dev-curated-{ACCOUNT}-{REGION}"
    assert {sid: one["Resource"] for sid, one in found.items()} == {
        "FindFiles": [curated, landing],
        "ReadTablesAndOriginals": [f"{curated}/*", f"{landing}/_archive/*"],
        "WriteUnloads": f"{curated}/_unload/*",
        "UseKey": "Key.Arn",
    }
    assert found["UseKey"]["Condition"] == {
        "StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    }


def test_the_dags_run_statements_of_this_work_group_and_see_their_own(
    warehouse: Templates,
) -> None:
    found = statements(warehouse, "Airflow/ExecutionRole/Permissions")
    assert {sid: one for sid, one in found.items() if "edshift" in str(one)} == {
        "RunStatements": {
            "Effect": "Allow",
            "Action": ["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"],
            "Resource": WORKGROUP_ARN,
        },
        "ConnectToWarehouse": {
            "Effect": "Allow",
            "Action": "redshift-serverless:GetCredentials",
            "Resource": WORKGROUP_ARN,
        },
        "FollowOwnStatements": {
            "Effect": "Allow",
            "Action": [
                "redshift-data:CancelStatement",
                "redshift-data:DescribeStatement",
                "redshift-data:GetStatementResult",
            ],
            "Resource": "*",
            "Condition": {
                "StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}
            },
        },
    }


def test_the_dags_learn_it_from_configuration_options(warehouse: Templates) -> None:
    options = warehouse.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    assert options["lake.models_on"] == "athena,redshift"
    assert options["lake.redshift_workgroup"] == "lake-dev"
    assert options["lake.redshift_database"] == "lake"
