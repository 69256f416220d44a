"""Glue: a call is allowed on a resource, on what holds it, and for a delete on what it holds.

Source: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.emulator.iam.call import Call

_NAMED = {
    "Connection": "connection",
    "Crawler": "crawler",
    "Job": "job",
    "Trigger": "trigger",
    "Workflow": "workflow",
}
"""Resources outside of databases, by the word that their operations end with."""


def resources(call: Call) -> tuple[str, ...]:
    """Every resource that `call` must be allowed on, the most specific first."""
    parameters, operation = call.parameters, call.operation
    if "ResourceArn" in parameters:  # the calls for tags
        return (str(parameters["ResourceArn"]),)
    named = _outside_of_databases(call)
    if named:
        return named
    database = _database(operation, parameters)
    if database is None:
        return (call.arn("catalog"),)
    holders = (call.arn(f"database/{database}"), call.arn("catalog"))
    if operation == "DeleteDatabase":
        held = (f"table/{database}/*", f"userDefinedFunction/{database}/*")
        return (*holders, *map(call.arn, held))
    if operation.endswith(("Database", "Databases")):
        return holders
    kind, names = "table", _tables(parameters)
    if "Function" in operation:
        kind, names = "userDefinedFunction", (_name(parameters, "FunctionName", "FunctionInput"),)
    return (*(call.arn(f"{kind}/{database}/{name}") for name in names), *holders)


def _outside_of_databases(call: Call) -> tuple[str, ...]:
    for word, kind in _NAMED.items():
        if call.operation.endswith((word, f"{word}s", f"{word}Run")):
            name = call.parameters.get("Name") or call.parameters.get(f"{word}Name") or "*"
            holder = [call.arn("catalog")] if kind == "connection" else []
            return (call.arn(f"{kind}/{name}"), *holder)
    return ()


def _database(operation: str, parameters: Mapping[str, Any]) -> str | None:
    """The database that is named; `*` where every one is asked for."""
    if "DatabaseName" in parameters:
        return str(parameters["DatabaseName"])
    if operation.endswith("Database"):
        return _name(parameters, "Name", "DatabaseInput")
    if operation in ("GetDatabases", "SearchTables"):
        return "*"
    return None


def _tables(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    if "TablesToDelete" in parameters:
        return tuple(str(name) for name in parameters["TablesToDelete"]) or ("*",)
    name = parameters.get("TableName") or _name(parameters, "Name", "TableInput")
    return (str(name),)


def _name(parameters: Mapping[str, Any], direct: str, nested: str) -> str:
    name = parameters.get(direct) or (parameters.get(nested) or {}).get("Name")
    return str(name or "*")
