"""What the embedded Athena promises: the caller's permissions, and nothing lost by a kill."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.embedded.running import ACCOUNT_ID, Keys, RunningEmulator

from .conftest import DATA, DATABASE, RESULTS, Lake

pytestmark = pytest.mark.embedded


def _role(emulator: RunningEmulator, name: str, *statements: dict[str, Any]) -> Keys:
    """The keys of a new role with these permissions."""
    iam = emulator.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return emulator.assume(arn)


def _allow(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources) or ["*"]}


ATHENA = _allow(
    ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"]
)
CATALOG = _allow(["glue:GetTable", "glue:GetDatabase", "glue:GetPartitions"])
OUTPUT = _allow(
    ["s3:PutObject", "s3:GetObject", "s3:GetBucketLocation"],
    f"arn:aws:s3:::{RESULTS}",
    f"arn:aws:s3:::{RESULTS}/*",
)
LISTING = _allow(["s3:ListBucket"], f"arn:aws:s3:::{DATA}")
READING = _allow(["s3:GetObject"], f"arn:aws:s3:::{DATA}/quotes/*")


def _run(emulator: RunningEmulator, sql: str, keys: Keys) -> tuple[str, str]:
    """State and reason of a query."""
    athena = emulator.client("athena", keys)
    execution_id = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": DATABASE},
        ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/out/"},
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"][
            "Status"
        ]
        if status["State"] not in ("QUEUED", "RUNNING"):
            return status["State"], status.get("StateChangeReason", "")
        time.sleep(0.02)


SQL = "SELECT count(*) FROM quotes"


def test_a_caller_with_just_the_permissions_of_athena_succeeds(lake: Lake) -> None:
    """athena:GetWorkGroup and glue:GetTables are not among them."""
    keys = _role(lake.emulator, "reader", ATHENA, CATALOG, OUTPUT, LISTING, READING)
    assert _run(lake.emulator, SQL, keys) == ("SUCCEEDED", "")


def test_a_cached_object_is_denied_to_a_caller_who_may_not_read_it(lake: Lake) -> None:
    assert _run(lake.emulator, SQL, Keys())[0] == "SUCCEEDED"  # root's query fills the cache
    keys = _role(lake.emulator, "lister", ATHENA, CATALOG, OUTPUT, LISTING)
    state, reason = _run(lake.emulator, SQL, keys)
    assert state == "FAILED"
    assert reason.startswith(f"PERMISSION_DENIED: Access denied when reading s3://{DATA}/quotes/")


def test_a_caller_who_may_not_list_the_data_is_denied(lake: Lake) -> None:
    keys = _role(lake.emulator, "blind", ATHENA, CATALOG, OUTPUT, READING)
    state, reason = _run(lake.emulator, SQL, keys)
    assert state == "FAILED"
    assert "PERMISSION_DENIED: Access denied when reading" in reason


def test_a_caller_who_may_not_read_the_catalog_is_denied(lake: Lake) -> None:
    keys = _role(lake.emulator, "stranger", ATHENA, OUTPUT, LISTING, READING)
    state, reason = _run(lake.emulator, SQL, keys)
    assert state == "FAILED"
    assert reason.startswith("Insufficient permissions to execute the query.")
    assert "glue:GetTable" in reason


def test_a_caller_who_may_not_write_the_result_is_refused(lake: Lake) -> None:
    keys = _role(lake.emulator, "mute", ATHENA, CATALOG, LISTING, READING)
    athena = lake.emulator.client("athena", keys)
    with pytest.raises(athena.exceptions.InvalidRequestException, match="Unable to verify"):
        _run(lake.emulator, SQL, keys)


def test_executions_survive_a_kill_and_what_ran_is_failed(own_emulator: RunningEmulator) -> None:
    own_emulator.client("s3").create_bucket(Bucket=RESULTS)

    def start(sql: str) -> str:
        answer = own_emulator.client("athena").start_query_execution(
            QueryString=sql, ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/out/"}
        )
        return str(answer["QueryExecutionId"])

    def state(execution_id: str) -> tuple[str, str]:
        answer = own_emulator.client("athena").get_query_execution(QueryExecutionId=execution_id)
        status = answer["QueryExecution"]["Status"]
        return status["State"], status.get("StateChangeReason", "")

    done = start("SELECT 42 AS answer")
    while state(done)[0] != "SUCCEEDED":
        time.sleep(0.02)
    running = start(
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x)"
        " CROSS JOIN UNNEST(sequence(1, 100000)) AS b(y) WHERE (x * y) % 7 = 1"
    )
    own_emulator.kill_and_start()
    assert state(done) == ("SUCCEEDED", "")
    rows = own_emulator.client("athena").get_query_results(QueryExecutionId=done)["ResultSet"][
        "Rows"
    ]
    assert [row["Data"][0]["VarCharValue"] for row in rows] == ["answer", "42"]
    assert state(running)[0] == "FAILED"
    assert "was stopped while this query ran" in state(running)[1]
