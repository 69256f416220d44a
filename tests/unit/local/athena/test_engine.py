"""The API: requests, states, results, work groups."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import boto3
import pyarrow as pa
import pytest

from infra.local.athena import Engine

from .lake import OUTPUT, Lake, QueryFailed, scanned_bytes


def test_select_leaves_a_csv_with_every_value_quoted_and_null_empty(lake: Lake) -> None:
    execution = lake.execute(
        "SELECT 'a\"b' AS x, NULL AS y, '' AS z, 'l1\nl2' AS w, 1.50 AS d, true AS b,"
        " TIMESTAMP '2021-06-25 10:00:00.5' AS t, 1 AS x"
    )
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://results/out/{execution['QueryExecutionId']}.csv"
    assert lake.read(location) == (
        b'"x","y","z","w","d","b","t","x"\n'
        b'"a""b",,"","l1\nl2","1.50","true","2021-06-25 10:00:00.500","1"\n'
    )
    assert lake.read(f"{location}.metadata") == b""


def test_results_have_a_header_row_types_and_nulls_without_a_value(lake: Lake) -> None:
    execution = lake.execute("SELECT 1 AS n, CAST(2 AS decimal(18,2)) AS d, NULL AS x, 'é' AS s")
    answer = lake.call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"], c["Precision"], c["Scale"]) for c in columns] == [
        ("n", "integer", 10, 0),
        ("d", "decimal", 18, 2),
        ("x", "unknown", 0, 0),
        ("s", "varchar", 2147483647, 0),
    ]
    assert answer["ResultSet"]["Rows"] == [
        {"Data": [{"VarCharValue": name} for name in "ndxs"]},
        {
            "Data": [
                {"VarCharValue": "1"},
                {"VarCharValue": "2.00"},
                {},
                {"VarCharValue": "é"},
            ]
        },
    ]


def test_results_come_in_pages_that_lose_nothing(lake: Lake) -> None:
    sql = "SELECT x, 'l1\nl\"2é' AS t FROM UNNEST(sequence(1, 2500)) AS s(x) ORDER BY x"
    execution_id = lake.execute(sql)["QueryExecutionId"]
    rows: list[tuple[str, ...]] = []
    token, pages = None, 0
    while True:
        request: dict[str, str] = {"NextToken": token} if token else {}
        answer = lake.call("GetQueryResults", QueryExecutionId=execution_id, **request)
        rows += [tuple(v["VarCharValue"] for v in r["Data"]) for r in answer["ResultSet"]["Rows"]]
        pages += 1
        token = answer.get("NextToken")
        if token is None:
            break
    assert pages == 3
    assert rows == [("x", "t"), *((str(x), 'l1\nl"2é') for x in range(1, 2501))]
    assert len(lake.results(execution_id, MaxResults=10)) == 10


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"QueryString": ""}, "QueryString is required"),
        ({"QueryString": "SELECT 1"}, "No output location provided"),
        (
            {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "/tmp/x"}},
            "outputLocation is not a valid S3 path",
        ),
        (
            {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://nowhere/"}},
            "Unable to verify/create output bucket nowhere",
        ),
        (
            {"QueryString": "SELECT 1", "WorkGroup": "nope", "ResultConfiguration": OUTPUT},
            "WorkGroup nope is not found.",
        ),
        ({"QueryString": "HELLO", "ResultConfiguration": OUTPUT}, "mismatched input 'HELLO'"),
        (
            {
                "QueryString": "SELECT 1",
                "ResultConfiguration": {
                    **OUTPUT,
                    "EncryptionConfiguration": {"EncryptionOption": "CSE_KMS", "KmsKey": "k"},
                },
            },
            "CSE_KMS is not supported by the embedded Athena",
        ),
    ],
)
def test_a_wrong_request_is_refused_at_once(
    lake: Lake, request_: dict[str, object], message: str
) -> None:
    refusal = lake.refused("StartQueryExecution", **request_)
    assert refusal.startswith("InvalidRequestException: ")
    assert message in refusal


def test_a_failed_query_says_why_with_category_and_type(lake: Lake) -> None:
    execution = lake.wait(lake.start("SELECT * FROM nope"))
    status = execution["Status"]
    reason = "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.nope' does not exist"
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"] == reason
    assert status["AthenaError"] == {
        "ErrorCategory": 2,
        "ErrorType": 1006,
        "Retryable": False,
        "ErrorMessage": reason,
    }
    assert status["CompletionDateTime"] >= status["SubmissionDateTime"]
    refusal = lake.refused("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert "Final query state: FAILED" in refusal


def test_a_request_token_makes_starting_idempotent(lake: Lake) -> None:
    token = "t" * 32
    first = lake.start("SELECT 1", ClientRequestToken=token)
    assert lake.start("SELECT 1", ClientRequestToken=token) == first
    refusal = lake.refused(
        "StartQueryExecution",
        QueryString="SELECT 2",
        ClientRequestToken=token,
        ResultConfiguration=OUTPUT,
    )
    assert "Idempotent parameters do not match" in refusal


def test_execution_parameters_stand_for_question_marks(lake: Lake) -> None:
    sql = "SELECT ? AS a, ? || '?' AS b WHERE 1 = ?"
    parameters = ["5", "'it''s'", "1"]
    assert lake.rows(sql, ExecutionParameters=parameters) == [("5", "it's?")]
    with pytest.raises(QueryFailed, match="expected 3 but found 1"):
        lake.rows(sql, ExecutionParameters=["5"])
    with pytest.raises(QueryFailed, match=r"SYNTAX_ERROR|NOT_SUPPORTED"):
        lake.rows("SELECT ?", ExecutionParameters=["1, (SELECT 2)"])


def test_executions_are_listed_newest_first_by_work_group_in_pages(
    lake: Lake, open_engine: Callable[[], Engine]
) -> None:
    lake.engine = open_engine()
    ids = [lake.start("SELECT 1") for _ in range(3)]
    page = lake.call("ListQueryExecutions", MaxResults=2)
    assert page["QueryExecutionIds"] == [ids[2], ids[1]]
    rest = lake.call("ListQueryExecutions", MaxResults=2, NextToken=page["NextToken"])
    assert rest == {"QueryExecutionIds": [ids[0]]}
    assert lake.call("ListQueryExecutions", WorkGroup="other") == {"QueryExecutionIds": []}


def test_several_executions_are_got_at_once(lake: Lake) -> None:
    known = lake.execute("SELECT 1")
    execution_id = known["QueryExecutionId"]
    answer = lake.call("BatchGetQueryExecution", QueryExecutionIds=[execution_id, "unknown"])
    assert answer["QueryExecutions"] == [known]
    assert [e["QueryExecutionId"] for e in answer["UnprocessedQueryExecutionIds"]] == ["unknown"]
    assert "was not found" in lake.refused("GetQueryExecution", QueryExecutionId="unknown")


def test_a_running_query_can_be_stopped(lake: Lake) -> None:
    sql = (
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x)"
        " CROSS JOIN UNNEST(sequence(1, 100000)) AS b(y) WHERE (x * y) % 7 = 1"
    )
    execution_id = lake.start(sql)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        answer = lake.call("GetQueryExecution", QueryExecutionId=execution_id)
        if answer["QueryExecution"]["Status"]["State"] == "RUNNING":
            break
    time.sleep(0.3)
    lake.call("StopQueryExecution", QueryExecutionId=execution_id)
    status = lake.wait(execution_id, timeout_seconds=10)["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Query cancelled by user",
    )


def test_statistics_tell_the_bytes_of_the_objects_read(lake: Lake) -> None:
    lake.put_parquet("s3://data/t/a.parquet", {"x": [1, 2]})
    lake.table("t", {"x": "bigint"}, location="s3://data/t/")
    execution = lake.execute("SELECT * FROM t")
    size_bytes = lake.s3.head_object(Bucket="data", Key="t/a.parquet")["ContentLength"]
    assert scanned_bytes(execution) == size_bytes
    statistics = lake.call(
        "GetQueryRuntimeStatistics", QueryExecutionId=execution["QueryExecutionId"]
    )["QueryRuntimeStatistics"]
    assert statistics["Rows"]["InputBytes"] == size_bytes
    assert scanned_bytes(lake.execute("SELECT 1")) == 0


def test_sums_of_decimals_are_exact(lake: Lake) -> None:
    values = [Decimal("33577581321.31"), Decimal("0.01"), None]
    lake.put_parquet("s3://data/t/a", {"v": pa.array(values, pa.decimal128(18, 2))})
    lake.table("t", {"v": "decimal(18,2)"}, location="s3://data/t")
    assert lake.rows("SELECT sum(v), avg(v), count(*) FROM t") == [
        ("33577581321.32", "16788790660.66", "3")
    ]


# Restarts


def test_executions_and_results_survive_a_restart(
    lake: Lake, open_engine: Callable[[], Engine]
) -> None:
    lake.engine = open_engine()
    execution = lake.execute("SELECT 1 AS x")
    lake.engine = open_engine()
    again = lake.call("GetQueryExecution", QueryExecutionId=execution["QueryExecutionId"])
    assert again["QueryExecution"] == execution
    assert lake.results(execution["QueryExecutionId"]) == [("x",), ("1",)]


def test_a_query_that_a_kill_interrupted_is_failed_after_the_restart(
    lake: Lake, open_engine: Callable[[], Engine]
) -> None:
    lake.engine = open_engine()
    execution_id = lake.start(
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x)"
        " CROSS JOIN UNNEST(sequence(1, 30000)) AS b(y) WHERE (x * y) % 7 = 1"
    )
    lake.engine, killed = open_engine(), lake.engine  # as a new process after kill -9
    status = lake.wait(execution_id)["Status"]
    assert status["State"] == "FAILED"
    assert "was stopped while this query ran" in status["StateChangeReason"]
    killed.close()


# Work groups


def _work_group(endpoint: str, **configuration: object) -> None:
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    session.client("athena", endpoint_url=endpoint).create_work_group(
        Name="team",
        Configuration=configuration,  # type: ignore[arg-type]
    )


def test_an_enforced_work_group_says_where_results_go(lake: Lake, moto_endpoint: str) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    _work_group(
        moto_endpoint,
        EnforceWorkGroupConfiguration=True,
        ResultConfiguration={
            "OutputLocation": "s3://data/team/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key},
        },
    )
    execution = lake.execute("SELECT 1", WorkGroup="team")
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://data/team/{execution['QueryExecutionId']}.csv"
    for suffix in ("", ".metadata"):
        head = lake.s3.head_object(
            Bucket="data", Key=f"{location.removeprefix('s3://data/')}{suffix}"
        )
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    with pytest.raises(QueryFailed, match="enforces a centralized output location"):
        lake.execute(
            "CREATE TABLE c WITH (external_location = 's3://data/c/') AS SELECT 1 AS x",
            WorkGroup="team",
        )


def test_a_query_over_the_scan_limit_is_cancelled_before_it_reads(
    lake: Lake, moto_endpoint: str
) -> None:
    _work_group(moto_endpoint, BytesScannedCutoffPerQuery=10_000_000, ResultConfiguration=OUTPUT)
    lake.put("s3://data/t/a", b"x\n" * 6_000_000)
    lake.table(
        "t",
        {"x": "string"},
        location="s3://data/t/",
        serde="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    )
    status = lake.wait(lake.start("SELECT * FROM t", WorkGroup="team"))["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )
