"""What a statement has at hand while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.local.athena.catalog import Catalog
from infra.local.athena.clients import Clients
from infra.local.athena.objects import ObjectCache
from infra.local.athena.results import ResultStore
from infra.local.athena.session import Session
from infra.local.athena.statement import Statement


@dataclass(slots=True)
class Statistics:
    """What a statement tells of itself."""

    scanned_bytes: int = 0
    manifest: str = ""
    """The address of the list of the objects that it wrote."""

    def as_api(self) -> dict[str, Any]:
        """As `Statistics` of the API."""
        result: dict[str, Any] = {"DataScannedInBytes": self.scanned_bytes}
        if self.manifest:
            result["DataManifestLocation"] = self.manifest
        return result


@dataclass(frozen=True, slots=True)
class Work:
    """One statement, its caller's clients, its database and its place for results."""

    statement: Statement
    parameters: list[str]
    database: str
    clients: Clients
    catalog: Catalog
    session: Session
    cache: ObjectCache
    results: ResultStore
    output: str
    """The address of the result: `s3://bucket/folder/<id>` and the result's suffix."""
    execution_id: str
    scan_limit_bytes: int | None
    enforced: bool
    """Whether the work group says where everything is written."""
    statistics: Statistics
