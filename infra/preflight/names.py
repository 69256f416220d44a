"""The names of an environment: free in the account, or its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.preflight import assembly as rendered
from infra.preflight.assembly import Assembly
from infra.preflight.connection import Connect, own_resources
from infra.preflight.result import Result, failed, passed

ABSENT = {
    "404",
    "EntityNotFoundException",
    "InvalidRequestException",  # of Athena
    "ResourceNotFoundException",
}


def names_free(assembly: Assembly, *, connect: Connect, account: str, region: str) -> Result:
    """Whether every name is free, or that of a resource of the environment's own stacks."""
    check = "account: names"
    own = {made.get("PhysicalResourceId") for made in own_resources(assembly, connect)}
    wanted = [
        (kind, name.replace(rendered.ACCOUNT, account).replace(rendered.REGION, region))
        for kind, name in names(assembly)
    ]
    taken = [
        f"{kind} {name}" for kind, name in wanted if name not in own and EXISTS[kind](connect, name)
    ]
    if taken:
        return failed(
            check,
            f"taken by what no stack of {assembly.prefix} made: {', '.join(taken)}",
            "delete or import it, or give the environment another name",
        )
    mine = sum(name in own for _, name in wanted)
    return passed(check, f"{len(wanted)} names: {mine} its own, the others free")


def names(assembly: Assembly) -> Iterator[tuple[str, str]]:
    """The kind and the name of what the templates name."""
    for resource in assembly.resources:
        match resource.type, resource.properties:
            case "AWS::S3::Bucket", {"BucketName": name}:
                yield "bucket", name
            case "AWS::Logs::LogGroup", {"LogGroupName": name}:
                yield "log group", name
            case "AWS::Glue::Database", {"DatabaseInput": {"Name": name}}:
                yield "database", name
            case "AWS::Athena::WorkGroup", {"Name": name}:
                yield "work group", name
            case "AWS::MWAA::Environment", {"Name": name}:
                yield "environment", name


def _there(ask: Callable[[], Any]) -> bool:
    """Whether what is asked for exists."""
    try:
        ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise
    return True


def _bucket(connect: Connect, name: str) -> bool:
    try:
        return _there(lambda: connect("s3").head_bucket(Bucket=name))
    except ClientError as error:
        if error.response["Error"]["Code"] == "403":  # another account's
            return True
        raise


def _database(connect: Connect, name: str) -> bool:
    return _there(lambda: connect("glue").get_database(Name=name))


def _environment(connect: Connect, name: str) -> bool:
    return _there(lambda: connect("mwaa").get_environment(Name=name))


def _log_group(connect: Connect, name: str) -> bool:
    groups = connect("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _work_group(connect: Connect, name: str) -> bool:
    return _there(lambda: connect("athena").get_work_group(WorkGroup=name))


EXISTS: dict[str, Callable[[Connect, str], bool]] = {
    "bucket": _bucket,
    "database": _database,
    "environment": _environment,
    "log group": _log_group,
    "work group": _work_group,
}
