"""What resources are called: by their environment, by rights, and in a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.preflight.assembly import ACCOUNT, PARTITION, REGION, Assembly

NAMES = {
    "AWS::Athena::WorkGroup": ("Name",),
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::EC2::SecurityGroup": ("GroupName",),
    "AWS::EMRServerless::Application": ("Name",),
    "AWS::Glue::Database": ("DatabaseInput", "Name"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::MWAA::Environment": ("Name",),
    "AWS::RedshiftServerless::Namespace": ("NamespaceName",),
    "AWS::RedshiftServerless::Workgroup": ("WorkgroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
}
"""Where each type of resource that the lake names has its name."""
ARNS = {
    "AWS::Athena::WorkGroup": ("athena:{where}:workgroup/{name}",),
    "AWS::Glue::Database": ("glue:{where}:database/{name}", "glue:{where}:table/{name}"),
    "AWS::Logs::LogGroup": ("logs:{where}:log-group:{name}",),
    "AWS::MWAA::Environment": ("airflow:{where}:environment/{name}",),
}
"""The ARNs, without `arn:aws:`, of what the app has no reference for."""
ELSEWHERE = "…"
"""What stands for the prefix of an environment's names."""


def name_of(type: str, properties: Mapping[str, Any]) -> str | None:
    """The physical name of a resource, where the lake gives it one."""
    value: Any = properties
    for key in NAMES.get(type, ("no such property",)):
        value = value.get(key, {})
    return value if isinstance(value, str) else None


def short(name: str, prefix: str) -> str:
    """A name without what all names of its environment have: `landing`, `/aws/lambda/…-bundle`."""
    name = name.replace(f"-{ACCOUNT}-{REGION}", "")
    for begins in (prefix, prefix.replace("-", "_")):
        name = name.replace(begins, ELSEWHERE)
    return name.removeprefix(f"{ELSEWHERE}-")


def short_arn(arn: str, prefix: str) -> str:
    """What an ARN names, without partition, region and account: `sqs airflow-celery-*`."""
    if not arn.startswith("arn:"):
        return short(arn, prefix)
    _, _, service, _, _, resource = arn.split(":", 5)
    return f"{service} {short(resource, prefix)}"


def arns(assembly: Assembly, stack: str, logical_id: str) -> tuple[str, ...]:
    """The ARNs of a resource, as rights name it; none where its type has none."""
    resource = assembly.templates[stack]["Resources"][logical_id]
    type, properties = resource["Type"], assembly.render(stack, resource.get("Properties", {}))
    if type in ARNS:
        known = {"where": f"{REGION}:{ACCOUNT}", "name": name_of(type, properties)}
        return tuple(f"arn:{PARTITION}:{each.format(**known)}" for each in ARNS[type])
    arn = assembly.render(stack, {"Fn::GetAtt": [logical_id, "Arn"]})
    return (arn,) if arn.startswith("arn:") else ()
