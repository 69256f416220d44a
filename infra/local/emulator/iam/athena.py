"""Athena: a query belongs to its work group; what asks for it by its id is allowed there.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
"""

from __future__ import annotations

from collections.abc import Callable

from infra.local.emulator.iam.call import Call

type WorkGroupOf = Callable[[str], str | None]
"""The work group of the query execution with an id, or None if there is no such query."""

_WITHOUT_RESOURCE = ("ListWorkGroups", "ListDataCatalogs", "ListEngineVersions")


def resources(call: Call, work_group_of: WorkGroupOf) -> tuple[str, ...]:
    """Every resource that `call` must be allowed on."""
    parameters = call.parameters
    if call.operation in _WITHOUT_RESOURCE:
        return ("*",)
    if "ResourceARN" in parameters:  # the calls for tags
        return (str(parameters["ResourceARN"]),)
    if "DataCatalog" in call.operation or "CatalogName" in parameters:
        name = parameters.get("CatalogName") or parameters.get("Name") or "*"
        return (call.arn(f"datacatalog/{name}"),)
    query_ids = parameters.get("QueryExecutionIds") or [parameters.get("QueryExecutionId")]
    if query_ids != [None]:
        groups = {work_group_of(str(query_id)) or "*" for query_id in query_ids}
    elif call.operation.endswith("WorkGroup"):
        groups = {parameters.get("WorkGroup") or parameters.get("Name") or "*"}
    else:
        groups = {parameters.get("WorkGroup") or "primary"}
    return tuple(call.arn(f"workgroup/{group}") for group in sorted(groups))
