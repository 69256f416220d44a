"""Each type of the app: made, changed and deleted by CloudFormation, read back by its own API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/11111111-2222-3333-4444-555555555555"


def gone(call: Any, **arguments: Any) -> str:
    """The error code of a call for something that does not exist."""
    with pytest.raises(ClientError) as missing:
        call(**arguments)
    code: str = missing.value.response["Error"]["Code"]
    return code


def test_bucket(emulator: RunningEmulator) -> None:
    stack, s3 = Stack(emulator, "bucket"), emulator.client("s3")
    name = {"Bucket": "all-properties"}

    def declared(days: int, **more: Any) -> dict[str, Any]:
        return {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": "all-properties",
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "expire",
                                "Status": "Enabled",
                                "Prefix": "old/",
                                "ExpirationInDays": days,
                                "NoncurrentVersionExpiration": {"NoncurrentDays": days},
                                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                            }
                        ]
                    },
                    **more,
                },
            }
        }

    sse = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN}
    encryption = [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": sse}]
    blocked = dict.fromkeys(
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
    )
    assert (
        stack.deploy(
            declared(
                30,
                VersioningConfiguration={"Status": "Enabled"},
                BucketEncryption={"ServerSideEncryptionConfiguration": encryption},
                PublicAccessBlockConfiguration=blocked,
                OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                LoggingConfiguration={"DestinationBucketName": "logs", "LogFilePrefix": "all/"},
                Tags=[{"Key": "purpose", "Value": "test"}],
            )
        )
        == "CREATE_COMPLETE"
    )
    assert s3.get_bucket_versioning(**name)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule == {"ApplyServerSideEncryptionByDefault": sse, "BucketKeyEnabled": True}
    assert s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"] == blocked
    controls = s3.get_bucket_ownership_controls(**name)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    logging = s3.get_bucket_logging(**name)["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == ("logs", "all/")
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(**name)["TagSet"]}
    assert tags["purpose"] == "test"
    assert tags["team"] == "lake"  # of the stack
    assert tags["aws:cloudformation:stack-name"] == "bucket"
    (rule,) = s3.get_bucket_lifecycle_configuration(**name)["Rules"]
    assert rule["Expiration"] == {"Days": 30}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rule["Filter"] == {"Prefix": "old/"}

    assert stack.deploy(declared(60)) == "UPDATE_COMPLETE"
    (rule,) = s3.get_bucket_lifecycle_configuration(**name)["Rules"]
    assert rule["Expiration"] == {"Days": 60}
    assert s3.get_bucket_versioning(**name)["Status"] == "Suspended"
    assert "LoggingEnabled" not in s3.get_bucket_logging(**name)
    rule = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    left = {tag["Key"] for tag in s3.get_bucket_tagging(**name)["TagSet"]}
    assert "purpose" not in left

    assert stack.delete() == "DELETE_COMPLETE"
    assert gone(s3.head_bucket, **name) == "404"


def test_bucket_policy(emulator: RunningEmulator) -> None:
    stack, s3 = Stack(emulator, "bucket-policy"), emulator.client("s3")

    def declared(action: str) -> dict[str, Any]:
        statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        properties = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document}
        return {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "with-policy"}},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": properties},
        }

    for action, status in (("s3:PutObject", "CREATE"), ("s3:GetObject", "UPDATE")):
        assert stack.deploy(declared(action)) == f"{status}_COMPLETE"
        policy = json.loads(s3.get_bucket_policy(Bucket="with-policy")["Policy"])
        assert policy["Statement"][0]["Action"] == action
    assert stack.deploy({"Bucket": declared("")["Bucket"]}) == "UPDATE_COMPLETE"
    assert gone(s3.get_bucket_policy, Bucket="with-policy") == "NoSuchBucketPolicy"
    assert stack.delete() == "DELETE_COMPLETE"


def test_elastic_ip_and_nat_gateway(emulator: RunningEmulator) -> None:
    stack, ec2 = Stack(emulator, "nat"), emulator.client("ec2")

    def declared(label: str) -> dict[str, Any]:
        tags = {"Tags": [{"Key": "label", "Value": label}]}
        return {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
            "Subnet": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.1.0/24"},
            },
            "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", **tags}},
            "Nat": {
                "Type": "AWS::EC2::NatGateway",
                "Properties": {
                    "SubnetId": {"Ref": "Subnet"},
                    "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
                    **tags,
                },
            },
        }

    outputs = {
        "Allocation": {"Fn::GetAtt": ["Address", "AllocationId"]},
        "Ip": {"Ref": "Address"},
        "Nat": {"Fn::GetAtt": ["Nat", "NatGatewayId"]},
    }

    def read() -> tuple[Any, Any]:
        made = stack.outputs()
        (address,) = ec2.describe_addresses(AllocationIds=[made["Allocation"]])["Addresses"]
        (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[made["Nat"]])["NatGateways"]
        return address, nat

    def label(resource: Any) -> str:
        (value,) = [tag["Value"] for tag in resource["Tags"] if tag["Key"] == "label"]
        return str(value)

    assert stack.deploy(declared("old"), outputs) == "CREATE_COMPLETE"
    before = stack.outputs()
    address, nat = read()
    assert address["PublicIp"] == before["Ip"]
    assert nat["State"] == "available"
    assert nat["SubnetId"] == stack.physical_id("Subnet")
    assert (label(address), label(nat)) == ("old", "old")

    assert stack.deploy(declared("new"), outputs) == "UPDATE_COMPLETE"
    assert stack.outputs() == before
    assert tuple(map(label, read())) == ("new", "new")

    assert stack.delete() == "DELETE_COMPLETE"
    assert before["Ip"] not in {a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]}
    states = {n["NatGatewayId"]: n["State"] for n in ec2.describe_nat_gateways()["NatGateways"]}
    assert states.get(before["Nat"], "deleted") == "deleted"


def test_rules_of_security_groups(emulator: RunningEmulator) -> None:
    stack, ec2 = Stack(emulator, "rules"), emulator.client("ec2")

    def declared(port: int) -> dict[str, Any]:
        group = {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}}
        itself = {"Fn::GetAtt": ["Group", "GroupId"]}
        tcp = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        return {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.8.0.0/16"}},
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": "test", "VpcId": {"Ref": "Vpc"}},
            },
            "In": {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "Properties": {
                    **group,
                    **tcp,
                    "SourceSecurityGroupId": itself,
                    "Description": "ourselves",
                },
            },
            "Out": {
                "Type": "AWS::EC2::SecurityGroupEgress",
                "Properties": {**group, **tcp, "CidrIp": "10.0.0.0/8"},
            },
        }

    def rules() -> tuple[Any, Any]:
        found = ec2.describe_security_groups(GroupIds=[stack.physical_id("Group")])
        (group,) = found["SecurityGroups"]
        incoming = [(r["FromPort"], r["UserIdGroupPairs"]) for r in group["IpPermissions"]]
        outgoing = [
            (r["FromPort"], r["IpRanges"][0]["CidrIp"])
            for r in group["IpPermissionsEgress"]
            if "FromPort" in r
        ]
        return incoming, outgoing

    for port, status in ((5432, "CREATE"), (5433, "UPDATE")):
        assert stack.deploy(declared(port)) == f"{status}_COMPLETE"
        incoming, outgoing = rules()
        ((found_port, (pair,)),) = incoming
        assert found_port == port
        assert pair["GroupId"] == stack.physical_id("Group")
        assert pair["Description"] == "ourselves"
        assert outgoing == [(port, "10.0.0.0/8")]
    only_group = {name: declared(1)[name] for name in ("Vpc", "Group")}
    assert stack.deploy(only_group) == "UPDATE_COMPLETE"
    assert rules() == ([], [])
    assert stack.delete() == "DELETE_COMPLETE"


def test_key_and_alias(emulator: RunningEmulator) -> None:
    stack, kms = Stack(emulator, "key"), emulator.client("kms")

    def declared(description: str, rotation: bool) -> dict[str, Any]:
        principal = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement | {"Sid": description}]}
        return {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {
                    "Description": description,
                    "EnableKeyRotation": rotation,
                    "KeyPolicy": policy,
                },
            },
            "Alias": {
                "Type": "AWS::KMS::Alias",
                "Properties": {"AliasName": "alias/test", "TargetKeyId": {"Ref": "Key"}},
            },
        }

    for description, rotation, status in (("old", True, "CREATE"), ("new", False, "UPDATE")):
        assert stack.deploy(declared(description, rotation)) == f"{status}_COMPLETE"
        key_id = stack.physical_id("Key")
        assert kms.describe_key(KeyId="alias/test")["KeyMetadata"]["KeyId"] == key_id
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == description
        assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is rotation
        policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
        assert policy["Statement"][0]["Sid"] == description
    assert stack.delete() == "DELETE_COMPLETE"
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "alias/test" not in {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}


def test_database(emulator: RunningEmulator) -> None:
    stack, glue = Stack(emulator, "database"), emulator.client("glue")

    def declared(description: str) -> dict[str, Any]:
        database = {"Name": "catalogued", "Description": description}
        properties = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": database}
        return {"Database": {"Type": "AWS::Glue::Database", "Properties": properties}}

    for description, status in (("old", "CREATE"), ("new", "UPDATE")):
        assert stack.deploy(declared(description)) == f"{status}_COMPLETE"
        assert glue.get_database(Name="catalogued")["Database"]["Description"] == description
    glue.create_table(DatabaseName="catalogued", TableInput={"Name": "a_table"})
    assert stack.delete() == "DELETE_COMPLETE"
    assert gone(glue.get_database, Name="catalogued") == "EntityNotFoundException"
    assert gone(glue.get_table, DatabaseName="catalogued", Name="a_table") == (
        "EntityNotFoundException"
    )


def test_work_group(emulator: RunningEmulator) -> None:
    stack, athena = Stack(emulator, "work-group"), emulator.client("athena")

    def declared(limit: int) -> dict[str, Any]:
        properties = {
            "Name": "analysts",
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "BytesScannedCutoffPerQuery": limit,
                "ResultConfiguration": {
                    "OutputLocation": "s3://results/",
                    "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": KEY_ARN},
                },
            },
        }
        return {"WorkGroup": {"Type": "AWS::Athena::WorkGroup", "Properties": properties}}

    for limit, status in ((10_000_000, "CREATE"), (20_000_000, "UPDATE")):
        assert stack.deploy(declared(limit)) == f"{status}_COMPLETE"
        group = athena.get_work_group(WorkGroup="analysts")["WorkGroup"]["Configuration"]
        assert group["BytesScannedCutoffPerQuery"] == limit
        assert group["EnforceWorkGroupConfiguration"] is True
        assert group["ResultConfiguration"]["OutputLocation"] == "s3://results/"
        encryption = group["ResultConfiguration"]["EncryptionConfiguration"]
        assert encryption == {"EncryptionOption": "SSE_KMS", "KmsKey": KEY_ARN}
    assert stack.delete() == "DELETE_COMPLETE"
    assert gone(athena.get_work_group, WorkGroup="analysts") == "InvalidRequestException"


def test_named_query(emulator: RunningEmulator) -> None:
    stack, athena = Stack(emulator, "named-query"), emulator.client("athena")

    def declared(sql: str, **more: str) -> dict[str, Any]:
        properties = {
            "Name": "yesterday",
            "Description": "What was loaded",
            "Database": "not_there_yet",
            "QueryString": sql,
            "WorkGroup": "askers",
            **more,
        }
        return {"Query": {"Type": "AWS::Athena::NamedQuery", "Properties": properties}}

    assert stack.deploy(declared("SELECT 1")) == "ROLLBACK_COMPLETE"
    assert any("askers" in reason for reason in stack.failures())
    stack.delete()
    athena.create_work_group(Name="askers")
    wanted = declared("SELECT 1")
    made = {"Id": {"Ref": "Query"}, "Same": {"Fn::GetAtt": ["Query", "NamedQueryId"]}}
    assert stack.deploy(wanted, made) == "CREATE_COMPLETE"
    first = stack.outputs()["Id"]
    assert stack.outputs()["Same"] == first
    assert athena.list_named_queries(WorkGroup="askers")["NamedQueryIds"] == [first]
    saved = athena.get_named_query(NamedQueryId=first)["NamedQuery"]
    assert saved == {**wanted["Query"]["Properties"], "NamedQueryId": first}

    assert stack.deploy(declared("SELECT 2"), made) == "UPDATE_COMPLETE"
    [second] = athena.list_named_queries(WorkGroup="askers")["NamedQueryIds"]
    assert second == stack.outputs()["Id"] != first
    assert athena.get_named_query(NamedQueryId=second)["NamedQuery"]["QueryString"] == "SELECT 2"
    assert stack.deploy(declared("SELECT 2", Unknown="x")) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("cannot set Unknown" in reason for reason in stack.failures())

    athena.delete_named_query(NamedQueryId=second)
    assert stack.delete() == "DELETE_COMPLETE"
    assert gone(athena.get_named_query, NamedQueryId=second) == "InvalidRequestException"
    athena.delete_work_group(WorkGroup="askers")


def test_log_group(emulator: RunningEmulator) -> None:
    stack, logs = Stack(emulator, "log-group"), emulator.client("logs")

    def declared(days: int) -> dict[str, Any]:
        properties = {"LogGroupName": "kept-for-a-while", "RetentionInDays": days}
        return {"LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": properties}}

    def groups() -> dict[str, int]:
        found = logs.describe_log_groups(logGroupNamePrefix="kept-for")["logGroups"]
        return {group["logGroupName"]: group["retentionInDays"] for group in found}

    for days, status in ((7, "CREATE"), (30, "UPDATE")):
        assert stack.deploy(declared(days)) == f"{status}_COMPLETE"
        assert groups() == {"kept-for-a-while": days}
    assert stack.delete() == "DELETE_COMPLETE"
    assert groups() == {}


def test_role_and_policy(emulator: RunningEmulator) -> None:
    stack, iam = Stack(emulator, "role"), emulator.client("iam")

    def principal(action: str) -> str:
        return f"{action.partition(':')[0]}.amazonaws.com"

    def declared(action: str) -> dict[str, Any]:
        def document(**statement: Any) -> dict[str, Any]:
            return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}

        trust = document(Action="sts:AssumeRole", Principal={"Service": principal(action)})
        return {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "of-a-stack", "AssumeRolePolicyDocument": trust},
            },
            "Policy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyName": "rights",
                    "PolicyDocument": document(Action=action, Resource="*"),
                    "Roles": [{"Ref": "Role"}],
                },
            },
        }

    for action, status in (("s3:GetObject", "CREATE"), ("glue:GetTable", "UPDATE")):
        assert stack.deploy(declared(action)) == f"{status}_COMPLETE"
        document = iam.get_role_policy(RoleName="of-a-stack", PolicyName="rights")["PolicyDocument"]
        assert document["Statement"][0]["Action"] == action
        trust = iam.get_role(RoleName="of-a-stack")["Role"]["AssumeRolePolicyDocument"]
        service = trust["Statement"][0]["Principal"]["Service"]
        assert service == principal(action)
    assert stack.delete() == "DELETE_COMPLETE"
    assert gone(iam.get_role, RoleName="of-a-stack") == "NoSuchEntity"


def test_function_permission_and_layer(emulator: RunningEmulator) -> None:
    stack, lambda_ = Stack(emulator, "function"), emulator.client("lambda")
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="layers")
    s3.put_object(Bucket="layers", Key="layer.zip", Body=bytes(1 << 20))

    def declared(seconds: int) -> dict[str, Any]:
        return {
            "Layer": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {"Content": {"S3Bucket": "layers", "S3Key": "layer.zip"}},
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "of-a-stack",
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "Role": f"arn:aws:iam::{ACCOUNT_ID}:role/of-a-function",
                    "Timeout": seconds,
                    "Code": {"ZipFile": "def handler(event, context): pass"},
                    "Layers": [{"Ref": "Layer"}],
                },
            },
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "FunctionName": {"Ref": "Function"},
                    "Action": "lambda:InvokeFunction",
                    "Principal": "s3.amazonaws.com",
                },
            },
        }

    for seconds, status in ((3, "CREATE"), (9, "UPDATE")):
        assert stack.deploy(declared(seconds)) == f"{status}_COMPLETE"
        found = lambda_.get_function_configuration(FunctionName="of-a-stack")
        assert found["Timeout"] == seconds
        policy = json.loads(lambda_.get_policy(FunctionName="of-a-stack")["Policy"])
        assert policy["Statement"][0]["Principal"] == {"Service": "s3.amazonaws.com"}
        (layer,) = lambda_.list_layers()["Layers"]
        version = lambda_.get_layer_version(
            LayerName=layer["LayerName"],
            VersionNumber=layer["LatestMatchingVersion"]["Version"],
        )
        assert version["Content"]["CodeSize"] == 1 << 20
    assert stack.delete() == "DELETE_COMPLETE"
    assert lambda_.list_layers()["Layers"] == []
    assert gone(lambda_.get_function, FunctionName="of-a-stack") == "ResourceNotFoundException"


def alarm_of(threshold: int, **more: Any) -> dict[str, Any]:
    return {
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "too-many",
                "Namespace": "Tests",
                "MetricName": "Things",
                "Dimensions": [{"Name": "Of", "Value": "one"}],
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": threshold,
                "TreatMissingData": "ignore",
                **more,
            },
        }
    }


def test_alarm_keeps_its_state_when_it_is_changed_and_looks_at_its_dimensions_alone(
    emulator: RunningEmulator,
) -> None:
    stack, cloudwatch = Stack(emulator, "alarm"), emulator.client("cloudwatch")

    def alarm() -> Any:
        return cloudwatch.describe_alarms(AlarmNames=["too-many"])["MetricAlarms"][0]

    def measure(of: str, value: float) -> None:
        datum = {
            "MetricName": "Things",
            "Dimensions": [{"Name": "Of", "Value": of}],
            "Value": value,
        }
        cloudwatch.put_metric_data(Namespace="Tests", MetricData=[datum])

    assert stack.deploy(alarm_of(5)) == "CREATE_COMPLETE", stack.failures()
    measure("another", 100)
    assert alarm()["StateValue"] == "INSUFFICIENT_DATA"
    measure("one", 3)
    measure("one", 3)
    assert alarm()["StateValue"] == "ALARM", "6 in a minute"
    assert stack.deploy(alarm_of(4)) == "UPDATE_COMPLETE", stack.failures()
    assert (alarm()["Threshold"], alarm()["StateValue"]) == (4, "ALARM")
    assert stack.deploy(alarm_of(9)) == "UPDATE_COMPLETE", stack.failures()
    assert alarm()["StateValue"] == "OK"
    assert stack.delete() == "DELETE_COMPLETE"
    assert cloudwatch.describe_alarms(AlarmNames=["too-many"])["MetricAlarms"] == []


def test_what_an_alarm_would_drop_is_refused(emulator: RunningEmulator) -> None:
    stack = Stack(emulator, "dropped")
    stack.deploy(alarm_of(5, ThresholdMetricId="m1"))
    (reason,) = [each for each in stack.failures() if "cannot set" in each]
    assert "AWS::CloudWatch::Alarm: the embedded AWS cannot set ThresholdMetricId" in reason
    stack.delete()


def budget_of(amount: int, *, name: str = "month", **more: Any) -> dict[str, Any]:
    subscribers = [{"SubscriptionType": "EMAIL", "Address": more.pop("address", "a@example.com")}]
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 100,
    }
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": amount, "Unit": "USD"},
    }
    return {
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {**budget, **more},
                "NotificationsWithSubscribers": [
                    {"Notification": notification, "Subscribers": subscribers}
                ],
                "ResourceTags": [{"Key": "amount", "Value": str(amount)}],
            },
        }
    }


def test_budget(emulator: RunningEmulator) -> None:
    stack, budgets = Stack(emulator, "budget"), emulator.client("budgets")
    account = {"AccountId": ACCOUNT_ID}

    def names() -> list[str]:
        found = budgets.describe_budgets(**account).get("Budgets", [])
        return [budget["BudgetName"] for budget in found]

    def described(name: str) -> Any:
        return budgets.describe_budget(**account, BudgetName=name)["Budget"]

    assert stack.deploy(budget_of(5), {"Name": {"Ref": "Budget"}}) == "CREATE_COMPLETE"
    assert stack.outputs() == {"Name": "month"}
    assert stack.deploy(budget_of(7)) == "UPDATE_COMPLETE", stack.failures()
    assert described("month")["BudgetLimit"] == {"Amount": "7", "Unit": "USD"}
    arn = f"arn:aws:budgets::{ACCOUNT_ID}:budget/month"
    tags = budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert tags == [{"Key": "amount", "Value": "7"}]

    assert stack.deploy(budget_of(7, address="b@example.com")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "a custom-named resource requires replacing" in stack.failures()[0]
    other = budget_of(7, name="another", address="b@example.com")
    assert stack.deploy(other) == "UPDATE_COMPLETE", stack.failures()
    assert names() == ["another"]

    assert stack.deploy(budget_of(7, name="another", AutoAdjustData={})) != "UPDATE_COMPLETE"
    assert "the embedded AWS cannot set AutoAdjustData" in stack.failures()[0]
    assert stack.delete() == "DELETE_COMPLETE"
    assert names() == []
