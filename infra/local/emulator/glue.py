"""Glue: the operations on partitions, by the thousand, which ministack lacks or answers whole.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html and its neighbours
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from infra.local.emulator.partition_filter import matching
from infra.local.emulator.seam.authorization import failure
from infra.local.emulator.seam.catalog import Partition, Table, find_table, partitions_of
from infra.local.emulator.seam.services import Handler, Request, Response, account_id, wrap_service

_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}
_MAX_PAGE = 1000
_MAX_BATCH = {"BatchCreatePartition": 100, "BatchUpdatePartition": 100, "BatchDeletePartition": 25}
type Parameters = dict[str, Any]
type Values = tuple[str, ...]


class Refused(Exception):
    """The service refuses a call, with an error code of Glue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def install() -> None:
    """Answer the operations on partitions."""
    wrap_service("glue", _wrap)


def _wrap(ministack: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        answer_to = _OPERATIONS.get(operation)
        if answer_to is None:
            return await ministack(request)
        try:
            parameters: Parameters = json.loads(request.body or b"{}")
            answer = answer_to(_table(parameters), parameters)
        except Refused as refused:
            return failure("glue", request, code=refused.code, message=str(refused), status=400)
        return Response(200, dict(_HEADERS), json.dumps(answer).encode())

    return handle


def _table(parameters: Parameters) -> Table:
    database, name = parameters.get("DatabaseName", ""), parameters.get("TableName", "")
    table = find_table(database, name)
    if table is None:
        raise Refused("EntityNotFoundException", f"Table {name} not found.")
    return table


def _partitions(parameters: Parameters) -> list[Partition]:
    return partitions_of(parameters["DatabaseName"], parameters["TableName"])


def _made(table: Table, given: Partition, **kept: Any) -> Partition:
    """A partition as the catalog holds it."""
    keys = table.get("PartitionKeys") or []
    if len(given.get("Values", ())) != len(keys):
        message = "The number of partition keys do not match the number of partition values"
        raise Refused("InvalidInputException", f"{message}: {given.get('Values')}")
    return {
        "CreationTime": int(time.time()),
        **kept,
        **given,
        "DatabaseName": table["DatabaseName"],
        "TableName": table["Name"],
        "CatalogId": account_id(),
    }


def _batch(operation: str, items: Sequence[Any]) -> Sequence[Any]:
    if len(items) > _MAX_BATCH[operation]:
        message = f"{operation} takes up to {_MAX_BATCH[operation]} partitions, not {len(items)}"
        raise Refused("InvalidInputException", message)
    return items


def _error(named: str, values: Values, code: str, message: str) -> dict[str, Any]:
    detail = {"ErrorCode": code, "ErrorMessage": message}
    return {named: list(values), "ErrorDetail": detail}


def _batch_create(table: Table, parameters: Parameters) -> Parameters:
    held = _partitions(parameters)
    known, errors = {tuple(each["Values"]) for each in held}, []
    for given in _batch("BatchCreatePartition", parameters.get("PartitionInputList", [])):
        made = _made(table, given)
        values = tuple(made["Values"])
        if values in known:
            message = "Partition already exists."
            errors.append(_error("PartitionValues", values, "AlreadyExistsException", message))
            continue
        known.add(values)
        held.append(made)
    return {"Errors": errors}


def _batch_update(table: Table, parameters: Parameters) -> Parameters:
    held = _partitions(parameters)
    places = {tuple(each["Values"]): i for i, each in enumerate(held)}
    errors = []
    for entry in _batch("BatchUpdatePartition", parameters.get("Entries", [])):
        values = tuple(entry["PartitionValueList"])
        place = places.get(values)
        if place is None:
            message = "Partition not found."
            errors.append(_error("PartitionValueList", values, "EntityNotFoundException", message))
            continue
        given = {"Values": list(values), **entry["PartitionInput"]}
        held[place] = _made(table, given, CreationTime=held[place].get("CreationTime"))
        places[tuple(held[place]["Values"])] = place
    return {"Errors": errors}


def _update(table: Table, parameters: Parameters) -> Parameters:
    answer = _batch_update(table, {**parameters, "Entries": [parameters]})
    for error in answer["Errors"]:
        detail = error["ErrorDetail"]
        raise Refused(detail["ErrorCode"], detail["ErrorMessage"])
    return {}


def _batch_delete(_: Table, parameters: Parameters) -> Parameters:
    held = _partitions(parameters)
    named = _batch("BatchDeletePartition", parameters.get("PartitionsToDelete", []))
    wanted = {tuple(each["Values"]) for each in named}
    known = {tuple(each["Values"]) for each in held}
    held[:] = [each for each in held if tuple(each["Values"]) not in wanted]
    message = "Partition not found."
    return {
        "Errors": [
            _error("PartitionValues", values, "EntityNotFoundException", message)
            for values in sorted(wanted - known)
        ]
    }


def _get(table: Table, parameters: Parameters) -> Parameters:
    found: Iterable[Partition] = _partitions(parameters)
    if segment := parameters.get("Segment"):
        number, count = segment["SegmentNumber"], segment["TotalSegments"]
        found = [each for i, each in enumerate(found) if i % count == number]
    if expression := parameters.get("Expression"):
        found = _matching(table, list(found), expression)
    every = list(found)
    start = _start(parameters)
    end = start + min(int(parameters.get("MaxResults") or _MAX_PAGE), _MAX_PAGE)
    page = every[start:end]
    if parameters.get("ExcludeColumnSchema"):
        page = [_without_columns(each) for each in page]
    answer: Parameters = {"Partitions": page}
    if end < len(every):
        answer["NextToken"] = str(end)
    return answer


def _matching(table: Table, found: Sequence[Partition], expression: str) -> list[Partition]:
    keys = {key["Name"]: key.get("Type", "string") for key in table.get("PartitionKeys") or []}
    try:
        kept = matching(keys, [each["Values"] for each in found], expression)
    except ValueError as error:
        raise Refused("InvalidInputException", str(error)) from error
    return [found[i] for i in kept]


def _start(parameters: Parameters) -> int:
    token = parameters.get("NextToken") or "0"
    if not str(token).isdigit():
        raise Refused("InvalidInputException", "Invalid NextToken")
    return int(token)


def _without_columns(partition: Partition) -> Partition:
    descriptor = dict(partition.get("StorageDescriptor") or {})
    descriptor.pop("Columns", None)
    return {**partition, "StorageDescriptor": descriptor}


_OPERATIONS: dict[str, Callable[[Table, Parameters], Parameters]] = {
    "BatchCreatePartition": _batch_create,
    "BatchDeletePartition": _batch_delete,
    "BatchUpdatePartition": _batch_update,
    "GetPartitions": _get,
    "UpdatePartition": _update,
}
