"""A Data API over a small engine of the tests: statements of DuckDB, and one that waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.local.redshift.data import Caller, Credentials, DataApi
from infra.local.redshift.engine import Outcome, OutcomeColumn, QueryCancelled, RedshiftError
from infra.local.redshift.errors import ApiError
from infra.local.redshift.warehouse import Warehouse

ACCOUNT, REGION = "123456789012", "us-east-1"
WAREHOUSE = Warehouse(
    account_id=ACCOUNT,
    region=REGION,
    workgroup="lake-dev",
    workgroup_arn=f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/1",
    namespace_id="namespace-1",
    namespace_arn=f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:namespace/1",
    database="lake",
    admin_secret_arn=None,
    default_role_arn=None,
    timeout_seconds=None,
    role_arns=(),
)


def caller(role: str = "AROA1", session: str = "one") -> Caller:
    return Caller(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.lower()}/{session}",
        user_id=f"{role}:{session}",
        credentials=Credentials("key", "secret"),
    )


class FakeSession:
    """Runs DuckDB's SQL as it is; `wait` runs until it is cancelled or let go."""

    def __init__(self, database: FakeDatabase, user: str) -> None:
        self._database = database
        self._connection = database.connection.cursor()
        self._cancelled = threading.Event()
        self._open = False
        self.user = user

    def run(self, sql: str, parameters: Mapping[str, str | None] | None = None) -> Outcome:
        if sql == "wait":
            while not self._database.let_go.wait(0.01):
                if self._cancelled.is_set():
                    self._cancelled.clear()
                    raise QueryCancelled
            return Outcome(tag="WAIT")
        for name, value in (parameters or {}).items():
            sql = sql.replace(f":{name}", "NULL" if value is None else f"'{value}'")
        if sql == "select user":
            sql = f"select '{self.user}' as \"user\""
        word = sql.split()[0].upper()
        if word == "BEGIN" and self._open:
            return Outcome(tag=word)  # as in Redshift
        self._open = (self._open or word == "BEGIN") and word not in ("COMMIT", "ROLLBACK")
        try:
            if word != "SELECT":
                self._connection.execute(sql)
                return Outcome(tag=word)
            rows = self._connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise RedshiftError(str(error)) from error
        columns = tuple(
            OutcomeColumn(
                name=name, label=name, type_name="varchar", length=256, precision=0, scale=0
            )
            for name in rows.column_names
        )
        return Outcome(tag="SELECT", columns=columns, rows=rows, row_count=rows.num_rows)

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self._connection.close()


class FakeDatabase:
    """In place of the engine's."""

    def __init__(self, path: Path, **_: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(path)
        self.let_go = threading.Event()

    def connect(self, user: str, *, copy_credentials: Callable[..., Credentials]) -> FakeSession:  # noqa: ARG002 - protocol
        return FakeSession(self, user)

    def close(self) -> None:
        self.connection.close()


class Client:
    """Calls the Data API in a folder, and can end it and begin again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.databases: list[FakeDatabase] = []
        self.api = self._made()

    def _made(self) -> DataApi:
        def make(path: Path, **named: Any) -> FakeDatabase:
            self.databases.append(FakeDatabase(path, **named))
            return self.databases[-1]

        return DataApi(
            endpoint="http://127.0.0.1:9",
            control_key="key",
            state_dir=self.folder,
            make_database=make,  # type: ignore[arg-type] # what the Data API uses of it
        )

    def restart(self) -> None:
        self.api.close()
        self.api = self._made()

    def __call__(
        self,
        operation: str,
        *,
        by: Caller | None = None,
        warehouse: Warehouse | None = WAREHOUSE,
        **request: Any,
    ) -> dict[str, Any]:
        return self.api.handle(operation, request, by or caller(), warehouse)

    def refused(self, operation: str, **request: Any) -> str:
        """The code and the message of a call that must be refused."""
        with pytest.raises(ApiError) as error:
            self(operation, **request)
        return f"{error.value.code}: {error.value}"

    def send(self, sql: str | list[str], **request: Any) -> str:
        """Send a statement or a batch; its id comes back."""
        if isinstance(sql, list):
            return str(self("BatchExecuteStatement", Sqls=sql, **request)["Id"])
        return str(self("ExecuteStatement", Sql=sql, **request)["Id"])

    def run(self, sql: str | list[str], **request: Any) -> dict[str, Any]:
        """Send it, and wait for its end."""
        return self.ended(self.send(sql, **request), by=request.get("by"))

    def ended(self, id: str, by: Caller | None = None) -> dict[str, Any]:
        ending = self.api.ending(id)
        if ending is not None:
            ending.result(timeout=30)
        return self("DescribeStatement", Id=id, by=by)

    def until(self, id: str, status: str) -> None:
        deadline = time.monotonic() + 30
        while self("DescribeStatement", Id=id)["Status"] != status:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def rows(self, sql: str, **request: Any) -> list[list[Any]]:
        """The values of a query's rows."""
        described = self.run(sql, **request)
        assert described["Status"] == "FINISHED", described
        records = self("GetStatementResult", Id=described["Id"])["Records"]
        return [[next(iter(field.values())) for field in record] for record in records]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    for database in made.databases:
        database.let_go.set()
    made.api.close()
