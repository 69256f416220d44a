"""What the tests of the embedded Athena share: SQL without a catalog, and an engine on moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
import httpx
import pytest

from infra.local.athena import Engine
from infra.local.athena.catalog import Table
from infra.local.athena.errors import Position, located
from infra.local.athena.failures import as_athena
from infra.local.athena.session import Session
from infra.local.athena.sql.parser import parse_query
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.query import Context, Statement
from infra.local.athena.sql.text import text_of
from tests.moto_server import moto_server

from .iceberg import Icebergs
from .lake import Lake

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

NOW = "2021-06-25 12:34:56.789"


class EmptyCatalog:
    """A catalog without tables."""

    def get(self, database: str, name: str, position: Position | None = None) -> Table:
        raise located("TABLE_NOT_FOUND", f"Table '{database}.{name}' does not exist", position)

    def databases(self) -> list[str]:
        return []

    def tables(self, database: str) -> list[Table]:
        raise AssertionError(database)

    def columns(self, table: Table) -> Any:
        raise AssertionError(table)

    def iceberg(self, table: Table) -> Any:
        raise AssertionError(table)


def refuse(sql: str) -> Any:
    """Without tables no constant has to be known before the query runs."""
    raise AssertionError(sql)


def translate(sql: str) -> Query:
    """A query that reads no table, as DuckDB's."""
    statement = Statement(catalog=EmptyCatalog(), now=NOW, evaluate=refuse)
    return Context(statement, "default").query(parse_query(sql))


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Session(tmp_path_factory.mktemp("session")) as opened:
        yield opened


@pytest.fixture
def run(session: Session) -> Callable[[str], list[tuple[str | None, ...]]]:
    """The rows of a query, each value as text."""

    def rows(sql: str) -> list[tuple[str | None, ...]]:
        query = translate(sql)
        items = ", ".join(text_of(c.value.sql, c.value.type) for c in query.columns)
        try:
            return session.rows(f"SELECT {items} FROM ({query.sql})")
        except duckdb.Error as error:
            raise as_athena(error) from error

    return rows


@pytest.fixture
def evaluate(
    run: Callable[[str], list[tuple[str | None, ...]]],
) -> Callable[[str], list[str | None]]:
    """The first column of a query, as text."""
    return lambda sql: [row[0] for row in run(sql)]


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """S3, Glue and Athena's work groups, as moto has them."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def clients(moto_endpoint: str) -> tuple[S3Client, GlueClient]:
    """Made once: reading the description of a service takes longer than a test."""
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    s3: S3Client = session.client("s3", endpoint_url=moto_endpoint)
    glue: GlueClient = session.client("glue", endpoint_url=moto_endpoint)
    return s3, glue


@pytest.fixture(scope="session")
def engine(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine of all tests that do not restart it."""
    shared = Engine(moto_endpoint, "us-east-1", "123456789012", tmp_path_factory.mktemp("athena"))
    yield shared
    shared.close()


@pytest.fixture
def lake(moto_endpoint: str, clients: tuple[S3Client, GlueClient], engine: Engine) -> Lake:
    httpx.post(f"{moto_endpoint}/moto-api/reset")
    s3, glue = clients
    for bucket in ("data", "results"):
        s3.create_bucket(Bucket=bucket)
    glue.create_database(DatabaseInput={"Name": "lake"})
    return Lake(engine, s3, glue)


@pytest.fixture
def icebergs(moto_endpoint: str, lake: Lake) -> Icebergs:
    """A writer of Iceberg tables in the same lake."""
    assert lake
    return Icebergs.at(moto_endpoint)


@pytest.fixture
def open_engine(moto_endpoint: str, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes engines over one state of their own, as after a restart."""
    opened: list[Engine] = []

    def make() -> Engine:
        opened.append(Engine(moto_endpoint, "us-east-1", "123456789012", tmp_path / "athena"))
        return opened[-1]

    yield make
    for each in opened:
        each.close()
