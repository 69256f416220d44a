"""A lake in the embedded AWS, and the environment of a client that is pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pytest

from tests.embedded.running import REGION, RunningEmulator

DATABASE = "lake"
DATA, RESULTS = "lake-data", "lake-results"


@dataclass(frozen=True)
class Lake:
    """Buckets, a database, a work group, and a table `quotes` of two days."""

    emulator: RunningEmulator
    session: boto3.session.Session

    @property
    def output(self) -> str:
        return f"s3://{RESULTS}/out/"


@pytest.fixture(scope="module")
def environment(emulator: RunningEmulator) -> Iterator[pytest.MonkeyPatch]:
    """Clients that take their endpoint and keys from the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", REGION)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        yield patch


QUOTES: list[dict[str, Any]] = [
    {"code": "PETR4", "price": Decimal("28.91"), "trades": 10, "dt": "2021-06-24"},
    {"code": "VALE3", "price": Decimal("112.50"), "trades": 20, "dt": "2021-06-24"},
    {"code": "PETR4", "price": None, "trades": 30, "dt": "2021-06-25"},
]


@pytest.fixture(scope="module")
def lake(emulator: RunningEmulator, environment: pytest.MonkeyPatch) -> Lake:
    assert environment
    session = boto3.session.Session(region_name=REGION)
    s3 = emulator.client("s3")
    for bucket in (DATA, RESULTS):
        s3.create_bucket(Bucket=bucket)
    emulator.client("athena").create_work_group(
        Name="team",
        Configuration={
            "EnforceWorkGroupConfiguration": True,
            "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/team/"},
        },
    )
    wr.catalog.create_database(DATABASE, boto3_session=session)
    wr.s3.to_parquet(
        pd.DataFrame(QUOTES),
        path=f"s3://{DATA}/quotes/",
        dataset=True,
        partition_cols=["dt"],
        database=DATABASE,
        table="quotes",
        dtype={"price": "decimal(18,2)", "trades": "bigint"},
        boto3_session=session,
    )
    return Lake(emulator, session)
