"""What the tests of the embedded Redshift's engine share: a database, and S3 as moto has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest

from infra.local.redshift.engine import Credentials, Database, Session
from tests.moto_server import moto_server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type Rows = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def s3_client(moto_endpoint: str) -> S3Client:
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    client: S3Client = session.client("s3", endpoint_url=moto_endpoint)
    return client


@pytest.fixture
def s3(moto_endpoint: str, s3_client: S3Client) -> S3Client:
    """An empty S3 with the bucket `data`."""
    httpx.post(f"{moto_endpoint}/moto-api/reset")
    s3_client.create_bucket(Bucket="data")
    return s3_client


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for tests that leave nothing behind."""
    opened = open_database(tmp_path_factory.mktemp("redshift"))
    yield opened
    opened.close()


def open_database(path: Path, endpoint: str = "http://127.0.0.1:1") -> Database:
    return Database(
        path, name="lake", account_id="123456789012", region="us-east-1", endpoint=endpoint
    )


def credentials(_: str | None) -> Credentials:
    return Credentials("test", "test")


@pytest.fixture
def database(tmp_path: Path, moto_endpoint: str) -> Iterator[Database]:
    opened = open_database(tmp_path / "database", moto_endpoint)
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Session:
    return database.connect("admin", copy_credentials=credentials)


@pytest.fixture
def rows(session: Session) -> Rows:
    """Runs statements; the rows of the last."""

    def run(*statements: str, **parameters: str | None) -> list[tuple[object, ...]]:
        *before, last = statements
        for sql in before:
            session.run(sql)
        return list(session.run(last, parameters).records())

    return run


@pytest.fixture
def value(shared: Database) -> Iterator[Callable[[str], object]]:
    """The value of an expression without tables."""
    session = shared.connect("admin", copy_credentials=credentials)
    yield lambda sql: next(session.run(f"SELECT {sql}").records())[0]
    session.close()
