"""Tables of Iceberg in the embedded AWS: written by pyiceberg under a role, read by Athena."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException

from tests.embedded.athena.test_guarantees import (
    ATHENA,
    LISTING,
    OUTPUT,
    _allow,
    _role,
    _run,
)
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator

from .conftest import DATA, DATABASE, Lake

pytestmark = pytest.mark.embedded

TABLE = f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:table/{DATABASE}/ice"
HOLDERS = [
    f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:catalog",
    f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:database/{DATABASE}",
]
OBJECTS = f"arn:aws:s3:::{DATA}/ice/*"


def _catalog(emulator: RunningEmulator, keys: Keys) -> GlueCatalog:
    properties: dict[str, Any] = {}
    for service in ("glue", "s3"):
        properties |= {
            f"{service}.endpoint": emulator.endpoint_url,
            f"{service}.region": REGION,
            f"{service}.access-key-id": keys.access_key_id,
            f"{service}.secret-access-key": keys.secret_access_key,
            f"{service}.session-token": keys.session_token,
        }
    return GlueCatalog(DATABASE, **properties)


@pytest.fixture(scope="module")
def writer(lake: Lake) -> Keys:
    return _role(
        lake.emulator,
        "ice-writer",
        _allow(["glue:GetTable", "glue:CreateTable", "glue:UpdateTable"], TABLE, *HOLDERS),
        _allow(["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"], OBJECTS),
        LISTING,
    )


@pytest.fixture(scope="module")
def catalog(lake: Lake, writer: Keys) -> Iterator[GlueCatalog]:
    catalog = _catalog(lake.emulator, writer)
    rows = pa.table({"a": [1, 2], "s": ["x", "y"]})
    table = catalog.create_table(f"{DATABASE}.ice", rows.schema, location=f"s3://{DATA}/ice")
    table.append(rows)
    yield catalog
    _catalog(lake.emulator, Keys()).drop_table(f"{DATABASE}.ice")


@pytest.mark.usefixtures("catalog")
def test_a_reader_needs_the_table_and_its_objects_alone(lake: Lake) -> None:
    table = _allow(["glue:GetTable"], TABLE, *HOLDERS)
    metadata = _allow(["s3:GetObject"], f"arn:aws:s3:::{DATA}/ice/metadata/*")
    sql = "SELECT sum(a) FROM ice"
    keys = _role(
        lake.emulator, "ice-reader", ATHENA, table, OUTPUT, _allow(["s3:GetObject"], OBJECTS)
    )
    assert _run(lake.emulator, sql, keys) == ("SUCCEEDED", "")
    keys = _role(lake.emulator, "ice-metadata", ATHENA, table, OUTPUT, metadata)
    state, reason = _run(lake.emulator, sql, keys)
    assert state == "FAILED"
    assert reason.startswith(f"PERMISSION_DENIED: Access denied when reading s3://{DATA}/ice/data/")
    keys = _role(lake.emulator, "ice-nothing", ATHENA, table, OUTPUT)
    state, reason = _run(lake.emulator, sql, keys)
    assert f"Access denied when reading s3://{DATA}/ice/metadata/" in reason


def test_one_of_two_writers_at_once_wins(lake: Lake, catalog: GlueCatalog, writer: Keys) -> None:
    tables = [_catalog(lake.emulator, writer).load_table(f"{DATABASE}.ice") for _ in range(4)]

    def append(number: int) -> int:
        try:
            tables[number].append(pa.table({"a": [number + 100], "s": ["z"]}))
        except CommitFailedException:
            return 0
        return 1

    before = catalog.load_table(f"{DATABASE}.ice").scan().to_arrow().num_rows
    with ThreadPoolExecutor(4) as threads:
        won = sum(threads.map(append, range(4)))
    assert won == 1
    assert catalog.load_table(f"{DATABASE}.ice").scan().to_arrow().num_rows == before + won


def test_a_commit_survives_a_kill(lake: Lake, catalog: GlueCatalog) -> None:
    table = catalog.load_table(f"{DATABASE}.ice")
    table.append(pa.table({"a": [7], "s": ["kept"]}))
    lake.emulator.kill_and_start()
    loaded = catalog.load_table(f"{DATABASE}.ice")
    assert loaded.metadata_location == table.metadata_location
    assert "kept" in loaded.scan().to_arrow()["s"].to_pylist()
