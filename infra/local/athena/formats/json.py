"""JSON Lines: one object a line, its keys matched to columns whatever their case."""

from __future__ import annotations

from infra.local.athena.catalog import Storage, Table
from infra.local.athena.errors import unsupported
from infra.local.athena.formats.reader import DataFile
from infra.local.athena.session import Session


def read(session: Session, table: Table, storage: Storage, files: list[DataFile]) -> str:
    raise unsupported("JSON")
