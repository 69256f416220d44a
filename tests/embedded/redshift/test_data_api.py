"""The Data API over the engine: statements, COPY with the rights of its role, kills."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.redshift.conftest import BUCKET, Warehouse
from tests.embedded.running import Keys

pytestmark = pytest.mark.embedded

CREATE = "create table plays (song varchar(20), seconds double precision)"


@pytest.fixture
def plays(warehouse: Warehouse) -> Warehouse:
    """The warehouse with an empty table `plays`."""
    for sql in ("drop table if exists plays", CREATE):
        assert warehouse.run(sql)["Status"] == "FINISHED"
    return warehouse


def copy(prefix: str, role: str = "default") -> str:
    return f"copy plays from 's3://{BUCKET}/{prefix}/' iam_role {role} json 'auto'"


def test_a_batch_loads_and_answers_in_one_transaction(plays: Warehouse) -> None:
    sql = "select song, seconds from plays order by song"
    described = plays.run([copy("open"), "delete from plays where seconds is null", sql])
    assert described["Status"] == "FINISHED", described
    assert [part["ResultRows"] for part in described["SubStatements"]][2] == 1
    last = described["SubStatements"][2]["Id"]
    result = plays.client().get_statement_result(Id=last)
    assert result["Records"] == [[{"stringValue": "So What"}, {"doubleValue": 562.5}]]
    types = [(each["name"], each["typeName"]) for each in result["ColumnMetadata"]]
    assert types == [("song", "varchar"), ("seconds", "float8")]


def test_a_batch_that_fails_leaves_the_table_as_it_was(plays: Warehouse) -> None:
    described = plays.run([copy("open"), "insert into nothing values (1)"])
    assert described["Status"] == "FAILED"
    assert described["Error"].startswith("Query #2 failed with ERROR: relation")
    assert plays.rows("select count(*) from plays") == [[0]]


def test_copy_has_the_rights_of_its_role_and_no_others(plays: Warehouse) -> None:
    described = plays.run(copy("closed"))
    assert described["Status"] == "FAILED"
    assert "Access" in described["Error"]
    role = plays.stack.outputs()["RunnerRole"]
    described = plays.run(copy("open", f"'{role}'"))
    assert described["Status"] == "FAILED"
    assert "is not associated to cluster" in described["Error"]
    assert plays.rows("select count(*) from plays") == [[0]]
    role = plays.stack.outputs()["CopyRole"]
    assert plays.run(copy("open", f"'{role}'"))["Status"] == "FINISHED"
    assert plays.rows("select count(*) from plays") == [[2]]


def test_unload_writes_where_its_role_may(plays: Warehouse) -> None:
    plays.run(copy("open"))
    unload = "unload ('select song from plays') to 's3://{}/{}/' iam_role default parquet"
    described = plays.run(unload.format(BUCKET, "unload"))
    assert described["Status"] == "FINISHED", described
    assert plays.run(unload.format(BUCKET, "open"))["Status"] == "FAILED"
    listed = plays.emulator.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="unload/")
    assert listed["KeyCount"] > 0


def test_the_role_that_runs_statements_sees_its_own_and_is_a_user_of_its_name(
    plays: Warehouse,
) -> None:
    keys = plays.runner()
    name = plays.stack.outputs()["RunnerRole"].rpartition("/")[2]
    assert plays.rows("select current_user", keys) == [[f"IAMR:{name}"]]
    foreign = plays.run("select 1")["Id"]
    with pytest.raises(ClientError) as denied:
        plays.client(keys).describe_statement(Id=foreign)
    message = denied.value.response["Error"]["Message"]
    assert "not authorized to perform: redshift-data:DescribeStatement on resource: *" in message
    own = plays.run("select 1", keys)["Id"]
    with pytest.raises(ClientError, match="Query does not exist"):
        plays.client().describe_statement(Id=own)  # the root user is another identity
    with pytest.raises(ClientError, match="redshift-data:ListStatements"):
        plays.client(keys).list_statements()


def test_another_work_group_is_refused(plays: Warehouse) -> None:
    api = plays.emulator.client("redshift-serverless")
    api.create_namespace(namespaceName="other", dbName="lake")
    arn = api.create_workgroup(workgroupName="other", namespaceName="other", baseCapacity=8)[
        "workgroup"
    ]["workgroupArn"]
    with pytest.raises(ClientError) as denied:
        plays.client(plays.runner()).execute_statement(WorkgroupName="other", Sql="select 1")
    message = denied.value.response["Error"]["Message"]
    assert f"redshift-data:ExecuteStatement on resource: {arn}" in message


def test_a_statement_needs_the_right_to_get_credentials(
    plays: Warehouse, request: pytest.FixtureRequest
) -> None:
    iam = plays.emulator.client("iam")
    outputs = plays.stack.outputs()
    role = outputs["RunnerRole"].rpartition("/")[2]
    deny = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*",'
        ' "Action": "redshift-serverless:GetCredentials"}]}'
    )
    iam.put_role_policy(RoleName=role, PolicyName="deny", PolicyDocument=deny)
    request.addfinalizer(lambda: iam.delete_role_policy(RoleName=role, PolicyName="deny"))
    with pytest.raises(ClientError) as denied:
        plays.client(plays.runner()).execute_statement(WorkgroupName="tested", Sql="select 1")
    message = denied.value.response["Error"]["Message"]
    assert f"GetCredentials on resource: {outputs['WorkgroupArn']}" in message


def test_schemas_tables_and_columns_are_listed(plays: Warehouse) -> None:
    client, database = plays.client(), {"WorkgroupName": "tested", "Database": "lake"}
    assert client.list_databases(**database)["Databases"] == ["lake"]
    assert "public" in client.list_schemas(**database)["Schemas"]
    tables = client.list_tables(**database, SchemaPattern="public")["Tables"]
    assert {"schema": "public", "name": "plays", "type": "TABLE"} in tables
    columns = client.describe_table(**database, Schema="public", Table="plays")["ColumnList"]
    assert [(each["name"], each["length"]) for each in columns] == [("song", 20), ("seconds", 0)]


def test_a_statement_can_be_waited_for(plays: Warehouse) -> None:
    sent = plays.client().execute_statement(
        WorkgroupName="tested", Sql="select 1", WaitTimeSeconds=30
    )
    assert (sent["Status"], sent["HasResultSet"]) == ("FINISHED", True)


def test_results_and_the_fate_of_what_ran_survive_a_kill(own_warehouse: Warehouse) -> None:
    warehouse, client = own_warehouse, own_warehouse.client()
    done = warehouse.run("select 42")["Id"]
    slow: Any = " cross join ".join(f"(select 1 as a union all select 2) t{n}" for n in range(30))
    running = client.execute_statement(
        WorkgroupName="tested", Sql=f"select count(*) from {slow} where t0.a + t29.a > random()"
    )["Id"]
    deadline = time.monotonic() + 30
    while client.describe_statement(Id=running)["Status"] != "STARTED":
        assert time.monotonic() < deadline, client.describe_statement(Id=running)
        time.sleep(0.05)
    warehouse.emulator.kill_and_start()
    described = client.describe_statement(Id=running)
    assert described["Status"] == "FAILED"
    assert "was stopped while this statement ran" in described["Error"]
    assert client.get_statement_result(Id=done)["Records"] == [[{"longValue": 42}]]
    again = client.execute_statement(WorkgroupName="tested", Sql=f"select count(*) from {slow}")
    client.cancel_statement(Id=again["Id"])
    deadline = time.monotonic() + 30
    while client.describe_statement(Id=again["Id"])["Status"] != "ABORTED":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_unsigned_call_is_refused(plays: Warehouse) -> None:
    keys = Keys("AKIAUNKNOWNUNKNOWN00", "secret")
    with pytest.raises(ClientError, match=r"InvalidClientTokenId|UnrecognizedClient"):
        plays.run("select 1", keys)
