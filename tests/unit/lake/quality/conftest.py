"""A table on the embedded Athena's engine, over moto, and its checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import boto3
import httpx
import pytest
import yaml
from lake.dataset.check import Declared
from lake.dataset.checks import Checks
from lake.pipeline.athena import Athena
from lake.quality.documents import CheckedTable, CheckReport, CheckResult, Loaded, Scope
from lake.quality.expressions import quoted
from lake.quality.run import run_checks
from lake.targets.athena import AthenaTarget

from infra.local.athena import Credentials, Engine
from tests.moto_server import moto_server

FRIDAY = date(2024, 3, 1)
SATURDAY = date(2024, 3, 2)
NOW = datetime(2024, 3, 2, 12, tzinfo=UTC)
COLUMNS = {
    "id": "bigint",
    "day": "date",
    "channel": "string",
    "quantity": "int",
    "price": "decimal(9,2)",
    "weight": "double",
    "sold_at": "timestamp",
    "coupon": "string",
}


class EngineClient:
    """The engine as `boto3` has Athena."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.asked: list[str] = []

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        status, answer = self._engine.handle(operation, request, Credentials("test", "test"))
        assert status == 200, answer
        return answer

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request["QueryString"])
        request["ResultConfiguration"] = {"OutputLocation": "s3://results/out"}
        return self._call("StartQueryExecution", request)

    def get_query_execution(self, **request: Any) -> dict[str, Any]:
        return self._call("GetQueryExecution", request)

    def get_paginator(self, name: str) -> EngineClient:
        assert name == "get_query_results"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._call("GetQueryResults", request)
            yield answer
            if not (token := answer.get("NextToken")):
                return
            request["NextToken"] = token


@dataclass
class Shop:
    """A table `sales`, loaded by day, and what its checks give."""

    target: AthenaTarget
    client: EngineClient
    day: str | None = "day"
    columns: dict[str, str] = field(default_factory=lambda: dict(COLUMNS))

    def run_sql(self, sql: str) -> None:
        self.target.execute(sql)

    def rows(self, sql: str) -> list[dict[str, str | None]]:
        return self.target.query(sql)

    def sell(self, *sales: dict[str, Any]) -> None:
        """Add rows; what is not said is as in every other row."""
        usual = {
            "day": FRIDAY, "channel": "shop", "quantity": 1, "price": 9.5, "weight": 1.0,
            "sold_at": datetime(2024, 3, 1, 10, tzinfo=UTC), "coupon": None,
        }  # fmt: skip
        values = ", ".join(
            "(" + ", ".join(_literal(({"id": number} | usual | sale)[c]) for c in COLUMNS) + ")"
            for number, sale in enumerate(sales, 1)
        )
        self.run_sql(f"INSERT INTO sales VALUES {values}")

    def checked(self, checks: str) -> CheckedTable:
        """The table with checks as a file has them."""
        declared = Checks.model_validate(yaml.safe_load(checks))
        problems = declared.problems(
            Declared(types=self.columns, keys=("id",), day=self.day, has_files=True)
        )
        assert [str(each) for each in problems] == []
        return CheckedTable(
            name="sales", keys=("id",), columns=self.columns, checks=declared, day=self.day,
            owner="sales-team",
        )  # fmt: skip

    def report(
        self,
        checks: str,
        *,
        days: Sequence[date] | None = (FRIDAY,),
        run_id: str = "run-1",
        now: datetime = NOW,
        loaded: Loaded | None = None,
    ) -> CheckReport:
        return run_checks(
            target=self.target,
            checked=self.checked(checks),
            scope=Scope(days=None if days is None else tuple(days)),
            run_id=run_id,
            loaded=loaded,
            now=now,
        )

    def result(self, checks: str, **how: Any) -> CheckResult:
        """What the only check of the only day gives."""
        [result] = self.report(checks, **how).results
        return result

    def statuses(self, checks: str, **how: Any) -> dict[str, str]:
        """The status of each check, of the only day."""
        return {result.check: result.status for result in self.report(checks, **how).results}

    def status(self, checks: str, **how: Any) -> str:
        return self.result(checks, **how).status


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case str():
            return quoted(value)
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
        case date():
            return f"DATE '{value}'"
        case float():
            return f"{value!r}"
    return str(value)


def keys_in(result: CheckResult) -> list[str]:
    """The ids of the sample's rows."""
    return [row["id"] for row in json.loads(result.sample)]


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def engine(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    shared = Engine(moto_endpoint, "us-east-1", "123456789012", tmp_path_factory.mktemp("athena"))
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def clients(moto_endpoint: str) -> tuple[Any, Any]:
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    return tuple(session.client(name, endpoint_url=moto_endpoint) for name in ("s3", "glue"))  # type: ignore[return-value]  # two


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is near: its answer is not waited for long."""
    monkeypatch.setattr("lake.pipeline.athena.FIRST_WAIT_SECONDS", 0.005)


@pytest.fixture
def target(moto_endpoint: str, clients: tuple[Any, Any], engine: Engine) -> AthenaTarget:
    httpx.post(f"{moto_endpoint}/moto-api/reset")
    s3, glue = clients
    for bucket in ("data", "results"):
        s3.create_bucket(Bucket=bucket)
    glue.create_database(DatabaseInput={"Name": "lake"})
    client: Any = EngineClient(engine)
    athena = Athena(database="lake", workgroup="primary", client=client)
    return AthenaTarget(athena=athena, glue=glue, bucket="data")


@pytest.fixture
def shop(target: AthenaTarget) -> Shop:
    """A table without rows."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    target.execute(
        f"CREATE TABLE sales ({columns}) PARTITIONED BY (day) LOCATION 's3://data/sales/' "
        "TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    client: Any = target.athena.client
    return Shop(target, client)
