"""A target for the models' statements: the embedded Athena over moto."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import httpx
import pytest
from lake.models.graph import Graph
from lake.pipeline.athena import QueryFailed as TargetRefused
from lake.pipeline.athena import Row
from lake.targets.athena import AthenaTarget

from infra.local.athena import Engine
from infra.local.settings import REPOSITORY
from infra.samples.music import make_songs, write_logs, write_songs
from tests.moto_server import moto_server
from tests.music_truth import MusicTruth
from tests.unit.lake.models.star import Star
from tests.unit.local.athena.lake import Lake, QueryFailed


class EngineAthena:
    """What the target asks of Athena, answered by the engine in this process."""

    database = "lake"

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def query(self, sql: str) -> list[Row]:
        names, *rows = self.lake.results(self._execute(sql)["QueryExecutionId"])
        return [dict(zip(map(str, names), row, strict=True)) for row in rows]

    def execute(self, sql: str) -> None:
        self._execute(sql)

    def _execute(self, sql: str) -> dict[str, Any]:
        try:
            return self.lake.execute(sql)
        except QueryFailed as error:
            raise TargetRefused(str(error)) from error


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def engine(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    shared = Engine(moto_endpoint, "us-east-1", "123456789012", tmp_path_factory.mktemp("athena"))
    yield shared
    shared.close()


@pytest.fixture
def target(moto_endpoint: str, engine: Engine) -> AthenaTarget:
    """An empty database, in which a model's tables are made as in AWS."""
    httpx.post(f"{moto_endpoint}/moto-api/reset")
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    s3 = session.client("s3", endpoint_url=moto_endpoint)
    glue = session.client("glue", endpoint_url=moto_endpoint)
    for bucket in ("curated", "results"):
        s3.create_bucket(Bucket=bucket)
    glue.create_database(DatabaseInput={"Name": "lake"})
    athena: Any = EngineAthena(Lake(engine, s3, glue))
    return AthenaTarget(athena=athena, glue=glue, bucket="curated")


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> MusicTruth:
    """Six days in two months and two weeks, with the faults of real logs."""
    root = tmp_path_factory.mktemp("music")
    songs = make_songs(60)
    write_songs(root / "songs", songs)
    logs = write_logs(
        root / "logs", first_day=date(2018, 11, 26), days=6, plays=60, users=12, songs=songs
    )
    assert sum(day.duplicates + day.near_duplicates for day in logs) > 0
    return MusicTruth(logs=root / "logs", songs=root / "songs")


@pytest.fixture(scope="session")
def music() -> Graph:
    """The models of the product."""
    dags = REPOSITORY / "dags"
    return Graph.load(models=dags / "models", data_sets=dags / "datasets", domain="music")


@pytest.fixture
def star(target: AthenaTarget, moto_endpoint: str, music: Graph) -> Star:
    return Star(target, moto_endpoint, music)
