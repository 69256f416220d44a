"""Kept sessions: what one statement leaves in them is there for the next."""

from __future__ import annotations

import time

import pytest

from infra.local.redshift.data import data_api, sessions
from tests.unit.local.redshift.data.conftest import WAREHOUSE, Client, caller


def kept(client: Client, sql: str = "create temp table t (a int)", seconds: int = 60) -> str:
    """Run a statement in a session that is kept; its id comes back."""
    sent = client("ExecuteStatement", Sql=sql, SessionKeepAliveSeconds=seconds)
    client.ended(sent["Id"])
    return str(sent["SessionId"])


def test_a_temporary_table_is_there_for_the_next_statement(client: Client) -> None:
    session = kept(client)
    client.run("insert into t values (7)", SessionId=session, warehouse=None)
    assert client.rows("select a from t", SessionId=session, warehouse=None) == [[7]]
    assert client.run("select a from t")["Status"] == "FAILED"


def test_a_transaction_stays_open_between_statements(client: Client) -> None:
    client.run("create table kept (a int)")
    session = kept(client, "begin")
    client.run("insert into kept values (1)", SessionId=session, warehouse=None)
    assert client.rows("select count(*) from kept") == [[0]]
    client.run("commit", SessionId=session, warehouse=None)
    assert client.rows("select count(*) from kept") == [[1]]


def test_a_session_runs_one_statement_at_a_time_for_its_owner(client: Client) -> None:
    session = kept(client)
    running = client.send("wait", SessionId=session, warehouse=None)
    refusal = client.refused("ExecuteStatement", Sql="select 1", SessionId=session)
    assert refusal == f"ValidationException: Session {session} is busy."
    client("CancelStatement", Id=running)
    client.ended(running)
    assert "is not available" in client.refused(
        "ExecuteStatement", Sql="select 1", SessionId=session, by=caller("AROA2")
    )
    assert client.api.workgroup_arn_of_session(session) == WAREHOUSE.workgroup_arn


def test_a_session_that_waits_too_long_ends(client: Client) -> None:
    session = kept(client, seconds=1)
    time.sleep(1.1)
    assert "is not available" in client.refused(
        "ExecuteStatement", Sql="select 1", SessionId=session
    )


def test_there_is_a_limit_of_sessions_and_of_statements(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 1)
    kept(client)
    refusal = client.refused("ExecuteStatement", Sql="select 1", SessionKeepAliveSeconds=60)
    assert refusal.startswith("ActiveSessionsExceededException")
    monkeypatch.setattr(data_api, "MOST_STATEMENTS", 0)
    refusal = client.refused("ExecuteStatement", Sql="select 1")
    assert refusal.startswith("ActiveStatementsExceededException")


def test_the_data_of_a_namespace_ends_with_it(client: Client) -> None:
    session = kept(client)
    client.run("create table kept (a int)")
    client.api.drop_namespace(WAREHOUSE.namespace_id)
    deadline = time.monotonic() + 10
    while client.api.workgroup_arn_of_session(session) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.run("select * from kept")["Status"] == "FAILED"


def test_what_a_kill_left_of_a_namespace_is_removed(client: Client) -> None:
    client.run("create table kept (a int)")
    client.restart()
    client.api.databases.keep_only({WAREHOUSE.namespace_id})
    assert client.rows("select count(*) from kept") == [[0]]
    client.restart()
    client.api.databases.keep_only({"another"})
    assert not (client.folder / "namespaces" / WAREHOUSE.namespace_id).exists()
