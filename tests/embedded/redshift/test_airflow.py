"""The provider's operator against the Data API: it defers, and goes on once the statement ended.

Its trigger asks by aiobotocore, which MWAA has and the tests have not: here the hook asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.redshift_data import RedshiftDataQueryFailedError
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.sdk.exceptions import TaskDeferred

from tests.embedded.redshift.conftest import Warehouse
from tests.embedded.running import REGION

pytestmark = pytest.mark.embedded


@pytest.fixture
def connected(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """The warehouse, as tasks with the rights of the runner's role see it."""
    keys = warehouse.runner()
    variables = {
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_ENDPOINT_URL": warehouse.emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token or "",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield warehouse


def operator(sql: str | list[str], **arguments: Any) -> RedshiftDataOperator:
    return RedshiftDataOperator(
        task_id="run",
        sql=sql,
        database="lake",
        workgroup_name="tested",
        poll_interval=1,
        deferrable=True,
        **arguments,
    )


def run(task: RedshiftDataOperator) -> Any:
    """Run a task; where it defers, wait as its trigger does, and run the rest of it."""
    try:
        return task.execute({})
    except TaskDeferred as deferred:
        statement = deferred.trigger.serialize()[1]["statement_id"]
    while not task.hook.check_query_is_finished(statement):
        time.sleep(0.05)
    return task.execute_complete({}, event={"status": "success", "statement_id": statement})


@pytest.mark.usefixtures("connected")
def test_a_deferred_statement_gives_its_result() -> None:
    (result,) = run(operator("select 1 as one", return_sql_result=True))
    assert result["Records"] == [[{"longValue": 1}]]


def test_a_deferred_batch_is_one_transaction(connected: Warehouse) -> None:
    ids = run(operator(["create table made (a int)", "insert into made values (1), (2)"]))
    assert [id.rpartition(":")[2] for id in ids] == ["1", "2"]
    assert connected.rows("select count(*) from made") == [[2]]


@pytest.mark.usefixtures("connected")
def test_a_statement_that_fails_fails_the_task() -> None:
    with pytest.raises(RedshiftDataQueryFailedError, match='relation "nothing" does not exist'):
        run(operator("select * from nothing"))
