"""Glue's catalog in memory: tables that are updated by version, and their partitions."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.exceptions import ClientError


class EntityNotFoundException(ClientError):
    pass


class AlreadyExistsException(ClientError):
    pass


class ConcurrentModificationException(ClientError):
    pass


def refused(kind: type[ClientError], operation: str) -> ClientError:
    return kind({"Error": {"Code": kind.__name__, "Message": kind.__name__}}, operation)


@dataclass
class MemoryGlue:
    """The tables of every database."""

    tables: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    partitions: dict[tuple[str, str], dict[tuple[str, ...], Any]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    exceptions: ClassVar[Any] = SimpleNamespace(
        EntityNotFoundException=EntityNotFoundException,
        AlreadyExistsException=AlreadyExistsException,
        ConcurrentModificationException=ConcurrentModificationException,
    )

    def get_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:
        with self.lock:
            if (DatabaseName, Name) not in self.tables:
                raise refused(EntityNotFoundException, "GetTable")
            return {"Table": copy.deepcopy(self.tables[DatabaseName, Name])}

    def create_table(self, *, DatabaseName: str, TableInput: dict[str, Any]) -> None:
        with self.lock:
            key = (DatabaseName, TableInput["Name"])
            if key in self.tables:
                raise refused(AlreadyExistsException, "CreateTable")
            self.tables[key] = {
                **copy.deepcopy(TableInput),
                "DatabaseName": DatabaseName,
                "VersionId": "0",
            }
            self.partitions[key] = {}

    def update_table(
        self,
        *,
        DatabaseName: str,
        TableInput: dict[str, Any],
        VersionId: str = "",
        SkipArchive: bool = False,  # noqa: ARG002  # boto3's names
    ) -> None:
        with self.lock:
            key = (DatabaseName, TableInput["Name"])
            version = self.tables[key]["VersionId"]
            if VersionId not in {"", version}:
                raise refused(ConcurrentModificationException, "UpdateTable")
            self.tables[key] = {
                **copy.deepcopy(TableInput),
                "DatabaseName": DatabaseName,
                "VersionId": str(int(version) + 1),
            }

    def get_partitions(
        self,
        *,
        DatabaseName: str,
        TableName: str,
        ExcludeColumnSchema: bool = False,  # noqa: ARG002  # boto3's names
    ) -> dict[str, Any]:
        found = self.partitions[DatabaseName, TableName]
        return {"Partitions": [copy.deepcopy(found[values]) for values in sorted(found)]}

    def get_paginator(self, operation: str) -> Any:
        def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:
            yield getattr(self, operation)(**arguments)

        return SimpleNamespace(paginate=paginate)

    def batch_create_partition(
        self, *, DatabaseName: str, TableName: str, PartitionInputList: list[Any]
    ) -> dict[str, Any]:
        there, errors = self.partitions[DatabaseName, TableName], []
        with self.lock:
            for made in PartitionInputList:
                if tuple(made["Values"]) in there:
                    detail = {"ErrorCode": "AlreadyExistsException"}
                    errors.append({"PartitionValues": made["Values"], "ErrorDetail": detail})
                else:
                    there[tuple(made["Values"])] = copy.deepcopy(made)
        return {"Errors": errors}

    def batch_update_partition(
        self, *, DatabaseName: str, TableName: str, Entries: list[Any]
    ) -> dict[str, Any]:
        there, errors = self.partitions[DatabaseName, TableName], []
        with self.lock:
            for entry in Entries:
                if tuple(entry["PartitionValueList"]) in there:
                    made = copy.deepcopy(entry["PartitionInput"])
                    there[tuple(entry["PartitionValueList"])] = made
                else:
                    errors.append({"ErrorDetail": {"ErrorCode": "EntityNotFoundException"}})
        return {"Errors": errors}

    def batch_delete_partition(
        self, *, DatabaseName: str, TableName: str, PartitionsToDelete: list[Any]
    ) -> dict[str, Any]:
        with self.lock:
            for gone in PartitionsToDelete:
                self.partitions[DatabaseName, TableName].pop(tuple(gone["Values"]), None)
        return {"Errors": []}
