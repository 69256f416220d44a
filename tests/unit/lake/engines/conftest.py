"""The engines over one lake: S3 and Glue on moto, the embedded Athena, a worker to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from lake.dataset import DataSet, load_data_set
from lake.tables import Warehouse

from infra.local.athena import Engine
from tests.moto_server import moto_server

from .compared import CURATED, DATABASE, LANDING, Lake, LocalAthena, LocalSpark

QUOTES = Path(__file__).parents[4] / "dags" / "datasets" / "market" / "quotes.yaml"
ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="package")
def endpoint() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="package")
def lake(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    session = boto3.session.Session("test", "test", region_name=REGION)
    s3 = session.client("s3", endpoint_url=endpoint)
    glue = session.client("glue", endpoint_url=endpoint)
    for bucket in (LANDING, CURATED, "results"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
    glue.create_database(DatabaseInput={"Name": DATABASE})
    engine = Engine(endpoint, REGION, ACCOUNT, tmp_path_factory.mktemp("athena"))
    yield Lake(
        warehouse=Warehouse(bucket=CURATED, database=DATABASE, s3=s3, glue=glue),
        athena=LocalAthena(engine),
    )
    engine.close()


@pytest.fixture(scope="package")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSpark]:
    folder = tmp_path_factory.mktemp("spark")
    with LocalSpark.start(folder) as started:
        yield started


@pytest.fixture(scope="package")
def quotes() -> DataSet:
    return load_data_set(QUOTES)
