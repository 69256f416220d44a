"""Statements and batches: from being sent to their end."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.local.redshift.data.conftest import WAREHOUSE, Client, caller


def test_a_statement_is_sent_ends_and_has_a_result(client: Client) -> None:
    sent = client("ExecuteStatement", Sql="select 1 as one, 'a' as name", StatementName="first")
    assert (sent["WorkgroupName"], sent["Database"], sent["DbUser"]) == (
        "lake-dev",
        "lake",
        "IAMR:aroa1",
    )
    described = client.ended(sent["Id"])
    assert described["Status"] == "FINISHED"
    assert (described["HasResultSet"], described["ResultRows"]) == (True, 1)
    assert described["ResultSize"] > 0
    assert described["Duration"] > 0
    assert described["RedshiftQueryId"] > 0
    result = client("GetStatementResult", Id=sent["Id"])
    assert result["Records"] == [[{"longValue": 1}, {"stringValue": "a"}]]
    assert result["TotalNumRows"] == 1
    assert [column["name"] for column in result["ColumnMetadata"]] == ["one", "name"]


def test_a_statement_without_rows_has_no_result(client: Client) -> None:
    described = client.run("create table t (a int)")
    assert (described["Status"], described["HasResultSet"]) == ("FINISHED", False)
    assert "does not have result" in client.refused("GetStatementResult", Id=described["Id"])


def test_a_statement_that_fails_says_why(client: Client) -> None:
    described = client.run("select * from nothing")
    assert described["Status"] == "FAILED"
    assert described["Error"].startswith("ERROR: Catalog Error")
    assert "does not have result" in client.refused("GetStatementResult", Id=described["Id"])


def test_a_database_that_does_not_exist_fails_the_statement(client: Client) -> None:
    described = client.run("select 1", Database="other")
    assert (described["Status"], described["Error"]) == (
        "FAILED",
        'ERROR: database "other" does not exist',
    )


def test_every_type_has_its_field(client: Client) -> None:
    sql = "select true as b, 9223372036854775807 as l, 0.5::double as d, 'ü' as s, null as n"
    described = client.run(sql)
    (record,) = client("GetStatementResult", Id=described["Id"])["Records"]
    assert record == [
        {"booleanValue": True},
        {"longValue": 9223372036854775807},
        {"doubleValue": 0.5},
        {"stringValue": "ü"},
        {"isNull": True},
    ]


def test_parameters_are_values_and_each_is_used(client: Client) -> None:
    named = [{"name": "who", "value": "it's"}, {"name": "n", "value": "1"}]
    sql = "select :who || '' as who"
    assert "unused parameters" in client.refused("ExecuteStatement", Sql=sql, Parameters=named)
    assert "missing parameters: ['n']" in client.refused(
        "ExecuteStatement", Sql="select :who, :n", Parameters=named[:1]
    )
    assert "given twice" in client.refused(
        "ExecuteStatement", Sql=sql, Parameters=[*named[:1], *named[:1]]
    )
    plain = [{"name": "who", "value": "me"}]
    assert client.rows(sql, Parameters=plain) == [["me"]]
    # Neither a cast nor a text is a place for one.
    assert client.rows("select ':n' || :who as t, '1'::int", Parameters=plain) == [[":nme", 1]]


def test_a_batch_is_one_transaction(client: Client) -> None:
    sqls = ["create table t (a int)", "insert into t values (1)", "select * from t"]
    described = client.run(sqls)
    assert described["Status"] == "FINISHED"
    parts = described["SubStatements"]
    assert [part["Id"] for part in parts] == [f"{described['Id']}:{n}" for n in (1, 2, 3)]
    assert [part["Status"] for part in parts] == ["FINISHED"] * 3
    assert described["HasResultSet"] is True
    last = client("GetStatementResult", Id=parts[2]["Id"])
    assert last["Records"] == [[{"longValue": 1}]]
    assert "by its statements" in client.refused("GetStatementResult", Id=described["Id"])
    assert client("DescribeStatement", Id=parts[1]["Id"])["QueryString"].startswith("insert")


def test_a_batch_that_fails_leaves_nothing(client: Client) -> None:
    client.run("create table t (a int)")
    described = client.run(["insert into t values (1)", "insert into t values ('x')", "select 1"])
    assert described["Status"] == "FAILED"
    assert described["Error"].startswith("Query #2 failed with ERROR: ")
    statuses = [part["Status"] for part in described["SubStatements"]]
    assert statuses == ["FINISHED", "FAILED", "ABORTED"]
    assert client.rows("select count(*) from t") == [[0]]


def test_a_batch_with_auto_commit_keeps_what_came_before_the_failure(client: Client) -> None:
    client.run("create table t (a int)")
    sqls = ["insert into t values (1)", "insert into t values ('x')"]
    assert client.run(sqls, ExecutionMode="AUTO_COMMIT")["Status"] == "FAILED"
    assert client.rows("select count(*) from t") == [[1]]


def test_a_statement_that_runs_is_cancelled(client: Client) -> None:
    id = client.send("wait")
    client.until(id, "STARTED")
    assert client("CancelStatement", Id=id) == {"Status": True}
    assert client.ended(id)["Status"] == "ABORTED"
    assert "already in ABORTED state" in client.refused("CancelStatement", Id=id)


def test_a_statement_that_waits_is_cancelled_at_once(client: Client) -> None:
    running = [client.send("wait") for _ in range(4)]
    waiting = client.send("select 1")
    client("CancelStatement", Id=waiting)
    assert client("DescribeStatement", Id=waiting)["Status"] == "ABORTED"
    client("CancelStatement", Id=waiting)
    for id in running:
        client("CancelStatement", Id=id)
        assert client.ended(id)["Status"] == "ABORTED"
    assert client.ended(waiting)["Status"] == "ABORTED"


def test_a_statement_that_takes_too_long_is_aborted(client: Client) -> None:
    limited = replace(WAREHOUSE, timeout_seconds=0.1)
    described = client.run("wait", warehouse=limited)
    assert described["Status"] == "ABORTED"
    assert "max_query_execution_time of 0.1 s" in described["Error"]


def test_a_client_token_sends_a_statement_once(client: Client) -> None:
    client.run("create table t (a int)")
    first = client.send("insert into t values (1)", ClientToken="once")
    assert client.send("insert into t values (1)", ClientToken="once") == first
    client.ended(first)
    assert client.rows("select count(*) from t") == [[1]]
    assert "ClientToken was used before" in client.refused(
        "ExecuteStatement", Sql="select 2", ClientToken="once"
    )
    other = client.send("insert into t values (1)", ClientToken="once", by=caller("AROA2"))
    assert other != first


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        ({"Sql": ""}, "ValidationException: Sql cannot be empty."),
        ({}, "ValidationException: 1 validation error detected: Value null at 'Sql'"),
        ({"Sql": f"select '{'x' * 102_400}'"}, "ValidationException: The query text is longer th"),
        ({"Sql": "select 1", "warehouse": None}, "ValidationException: WorkgroupName is required"),
        ({"Sql": "select 1", "ClusterIdentifier": "c"}, "ValidationException: The embedded Redsh"),
        ({"Sql": "select 1", "SessionId": "0" * 36}, "ValidationException: 1 validation error"),
    ],
)
def test_a_request_that_cannot_be_is_refused(
    client: Client, request_: dict[str, Any], refusal: str
) -> None:
    assert client.refused("ExecuteStatement", **request_).startswith(refusal)


def test_a_batch_has_at_most_forty_statements(client: Client) -> None:
    sqls = ["select 1"] * 41
    assert "less than or equal to 40" in client.refused("BatchExecuteStatement", Sqls=sqls)


def test_a_statement_belongs_to_its_role(client: Client) -> None:
    id = client.run("select 1", by=caller("AROA1", "one"))["Id"]
    assert client("DescribeStatement", Id=id, by=caller("AROA1", "two"))["Status"] == "FINISHED"
    for operation in ("DescribeStatement", "GetStatementResult", "CancelStatement"):
        refusal = client.refused(operation, Id=id, by=caller("AROA2", "one"))
        assert refusal == "ResourceNotFoundException: Query does not exist."
    assert client.api.owner_of(id) == "AROA1:one"


def test_statements_are_listed_by_role_the_newest_first(client: Client) -> None:
    first = client.run("select 1", StatementName="load-1")["Id"]
    second = client.run(["select 1"], StatementName="load-2")["Id"]
    failed = client.run("select nothing", by=caller("AROA1", "two"))["Id"]
    client.run("select 1", by=caller("AROA2"))

    def listed(**request: Any) -> list[str]:
        return [each["Id"] for each in client("ListStatements", **request)["Statements"]]

    assert listed() == [failed, second, first]
    assert listed(RoleLevel=False) == [second, first]
    assert listed(Status="FAILED") == [failed]
    assert listed(StatementName="load-") == [second, first]
    assert listed(WorkgroupName="other") == []
    page = client("ListStatements", MaxResults=2)
    assert [each["Id"] for each in page["Statements"]] == [failed, second]
    assert page["Statements"][1]["QueryStrings"] == ["select 1"]
    assert listed(MaxResults=2, NextToken=page["NextToken"]) == [first]


def test_what_ran_when_the_process_ended_has_failed_and_says_so(client: Client) -> None:
    done = client.run("select 1")["Id"]
    running = client.send("wait")
    client.until(running, "STARTED")
    journal = sqlite3.connect(client.folder / "statements.sqlite")
    before = journal.execute("SELECT id, status, document FROM statements").fetchall()
    client("CancelStatement", Id=running)
    client.ended(running)
    for id, status, document in before:  # as a kill leaves it
        journal.execute(
            "UPDATE statements SET status = ?, document = ? WHERE id = ?", (status, document, id)
        )
    journal.commit()
    journal.close()
    client.restart()
    described = client("DescribeStatement", Id=running)
    assert described["Status"] == "FAILED"
    assert "was stopped while this statement ran" in described["Error"]
    assert client("GetStatementResult", Id=done)["Records"] == [[{"longValue": 1}]]


def test_results_are_kept_for_a_day(client: Client) -> None:
    id = client.run(["select 1", "select 2"])["Id"]
    assert len(list((client.folder / "results").iterdir())) == 2
    journal = sqlite3.connect(client.folder / "statements.sqlite")
    journal.execute("UPDATE statements SET submitted = ?", (time.time() - 24 * 3600 - 1,))
    journal.commit()
    journal.close()
    client.run("create table t (a int)")
    assert "Query does not exist" in client.refused("DescribeStatement", Id=id)
    assert not list((client.folder / "results").iterdir())
