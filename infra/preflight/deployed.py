"""A deployed environment, held to what MWAA needs of network, bucket, key and role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.mwaa.routes import ways_out
from infra.preflight.connection import Connect, asked
from infra.preflight.permissions import rights
from infra.preflight.result import Result, failed, not_checked, passed
from infra.settings import EnvironmentSettings

type Environment = Mapping[str, Any]
"""As GetEnvironment describes it."""

SUBNETS = 2
PRIVATE_SERVICES = {"s3", "sqs", "logs", "monitoring", "kms"}
"""Which a subnet without a way out reaches by endpoints."""
PRINCIPALS = {"airflow.amazonaws.com", "airflow-env.amazonaws.com"}
SHOWN = 6


def check_deployed(settings: EnvironmentSettings, *, connect: Connect) -> Iterator[Result]:
    """Check the MWAA environment of the settings, if there is one."""
    name = settings.prefix
    try:
        environment = connect("mwaa").get_environment(Name=name)["Environment"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            yield not_checked("deployed: environment", f"{name} is not deployed yet")
        else:
            yield not_checked("deployed: environment", str(error))
        return
    except BotoCoreError as error:
        yield not_checked("deployed: environment", str(error))
        return
    yield key_of_settings(environment, settings)
    for check, ask in CHECKS.items():
        yield asked(check, partial(ask, check, environment, connect))


def zones(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether there are two subnets, in two zones."""
    subnets = _subnets(environment, connect)
    found = {subnet["AvailabilityZone"] for subnet in subnets}
    if len(subnets) == SUBNETS == len(found):
        return passed(check, ", ".join(sorted(found)))
    return failed(
        check,
        f"{len(subnets)} subnets in {', '.join(sorted(found)) or 'no zone'}",
        "MWAA takes two private subnets, in two availability zones",
    )


def routes(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether the subnets are private, and reach AWS over NAT or by endpoints."""
    ec2, subnets = connect("ec2"), _subnets(environment, connect)
    vpc = [{"Name": "vpc-id", "Values": [subnets[0]["VpcId"]]}]
    ways = ways_out(ec2, [subnet["SubnetId"] for subnet in subnets])
    if public := [subnet for subnet, way in ways.items() if way.startswith("igw-")]:
        return failed(
            check,
            f"public: {', '.join(public)}",
            "route the subnet over a NAT gateway, or not out at all",
        )
    if all(ways.values()):
        return passed(check, "private, out over " + ", ".join(sorted(set(ways.values()))))
    endpoints = ec2.describe_vpc_endpoints(Filters=vpc)["VpcEndpoints"]
    there = {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints}
    if missing := sorted(PRIVATE_SERVICES - there):
        return failed(
            check,
            f"no way out, and no endpoint for {', '.join(missing)}",
            "add the endpoints, or a NAT gateway",
        )
    return passed(check, "private, with endpoints")


def bucket(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether the Airflow bucket has versions, and blocks public access."""
    s3, name = connect("s3"), environment["SourceBucketArn"].rpartition(":")[2]
    mend = "deploy again: `cdk diff` says what was changed"
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        return failed(check, f"{name} keeps no versions", mend)
    try:
        blocks = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        blocks = {}
    if not blocks or not all(blocks.values()):
        return failed(check, f"{name} does not block all public access", mend)
    return passed(check, "versioned, public access blocked")


def key_of_settings(environment: Environment, settings: EnvironmentSettings) -> Result:
    """Whether the environment has a key of its own, as the settings want it: none can change."""
    check, wanted = "deployed: encryption_key", settings.encryption_key
    found = "customer-managed" if environment.get("KmsKey") else "aws-owned"
    if found == wanted:
        return passed(check, found)
    return failed(
        check,
        f"it was made with encryption_key={found!r}, and the settings say {wanted!r}",
        "set it back: MWAA takes no other key, and a deploy would delete one that is in use",
    )


def key(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether the key's policy lets CloudWatch Logs use it."""
    key_arn = environment.get("KmsKey")
    if not key_arn:
        return passed(check, "AWS's own")
    policy = connect("kms").get_key_policy(KeyId=key_arn, PolicyName="default")["Policy"]
    region = key_arn.split(":")[3]
    allowed = _services(json.loads(policy))
    if allowed & {f"logs.{region}.amazonaws.com", "logs.amazonaws.com"}:
        return passed(check, "its policy admits CloudWatch Logs")
    return failed(
        check,
        f"its policy does not admit logs.{region}.amazonaws.com",
        "deploy again, or add the statement (infra/encryption.py) to the key's policy",
    )


def trust(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether both of MWAA's principals may assume the execution role."""
    name = environment["ExecutionRoleArn"].rpartition("/")[2]
    document = connect("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    missing = sorted(PRINCIPALS - _services(document))
    if missing:
        return failed(
            check, f"{name} does not trust {', '.join(missing)}", "deploy again (`cdk diff`)"
        )
    return passed(check, "both of MWAA's principals")


def permissions(check: str, environment: Environment, connect: Connect) -> Result:
    """Whether the execution role may do what the DAGs do, and not what they do not."""
    iam, wanted = connect("iam"), list(rights(environment))
    wrong = []
    for right in wanted:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=environment["ExecutionRoleArn"],
            ActionNames=[right.action],
            ResourceArns=[right.resource],
        )
        decision = answer["EvaluationResults"][0]["EvalDecision"]
        if (decision == "allowed") is not right.allowed:
            wrong.append(f"{right.action} on {right.resource} is {decision}")
    if wrong:
        more = f" … and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        return failed(
            check, "; ".join(wrong[:SHOWN]) + more, "deploy again (`cdk diff` says what differs)"
        )
    allowed = sum(right.allowed for right in wanted)
    return passed(check, f"{allowed} actions allowed, {len(wanted) - allowed} denied")


CHECKS: dict[str, Callable[[str, Environment, Connect], Result]] = {
    "deployed: subnets": zones,
    "deployed: routes": routes,
    "deployed: Airflow bucket": bucket,
    "deployed: key": key,
    "deployed: trust": trust,
    "deployed: permissions": permissions,
}


def _subnets(environment: Environment, connect: Connect) -> list[Any]:
    ids = environment["NetworkConfiguration"]["SubnetIds"]
    return list(connect("ec2").describe_subnets(SubnetIds=ids)["Subnets"])


def _services(policy: Mapping[str, Any]) -> set[str]:
    """The services that a policy's statements allow something."""
    found: set[str] = set()
    for statement in policy["Statement"]:
        principal = statement.get("Principal")
        if statement["Effect"] == "Allow" and isinstance(principal, Mapping):
            services = principal.get("Service", ())
            found |= {services} if isinstance(services, str) else set(services)
    return found
