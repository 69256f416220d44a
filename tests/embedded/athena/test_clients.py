"""The clients of Athena that data engineers use, against the embedded AWS as it runs."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import awswrangler as wr
import pyathena
import pytest
from pyathena.pandas.cursor import PandasCursor

from .conftest import DATA, DATABASE, RESULTS, Lake

pytestmark = pytest.mark.embedded

TOTALS = (
    "SELECT dt, count(*) AS n, sum(price) AS total, avg(trades) AS mean FROM quotes"
    " GROUP BY dt ORDER BY dt"
)


def _execution(client: Any, execution_id: str) -> dict[str, Any]:
    while True:
        answer = client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        if answer["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return dict(answer)
        time.sleep(0.02)


# boto3


def test_boto3_runs_a_query_and_pages_its_result(lake: Lake) -> None:
    athena = lake.emulator.client("athena")
    execution_id = athena.start_query_execution(
        QueryString="SELECT x FROM UNNEST(sequence(1, 1500)) AS t(x) ORDER BY x",
        QueryExecutionContext={"Database": DATABASE},
        ResultConfiguration={"OutputLocation": lake.output},
    )["QueryExecutionId"]
    execution = _execution(athena, execution_id)
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["Status"]["CompletionDateTime"] >= execution["Status"]["SubmissionDateTime"]
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id)
    rows = [r["Data"][0]["VarCharValue"] for page in pages for r in page["ResultSet"]["Rows"]]
    assert rows == ["x", *map(str, range(1, 1501))]


def test_boto3_sees_a_failure_with_its_reason(lake: Lake) -> None:
    athena = lake.emulator.client("athena")
    execution_id = athena.start_query_execution(
        QueryString="SELECT nothing FROM quotes",
        QueryExecutionContext={"Database": DATABASE},
        WorkGroup="team",
    )["QueryExecutionId"]
    status = _execution(athena, execution_id)["Status"]
    assert status["State"] == "FAILED"
    assert status["AthenaError"]["ErrorCategory"] == 2
    assert status["StateChangeReason"] == (
        "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"
    )
    assert execution_id in athena.list_query_executions(WorkGroup="team")["QueryExecutionIds"]


def test_boto3_is_refused_at_once_without_an_output_location(lake: Lake) -> None:
    athena = lake.emulator.client("athena")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="No output location"):
        athena.start_query_execution(QueryString="SELECT 1")


# awswrangler


@pytest.mark.parametrize("approach", ["ctas", "unload", "plain"])
def test_awswrangler_reads_a_query(lake: Lake, approach: str) -> None:
    frame = wr.athena.read_sql_query(
        TOTALS,
        database=DATABASE,
        ctas_approach=approach == "ctas",
        unload_approach=approach == "unload",
        s3_output=f"s3://{RESULTS}/wr-{approach}/",
        boto3_session=lake.session,
    )
    assert list(frame.columns) == ["dt", "n", "total", "mean"]
    assert [str(dt) for dt in frame["dt"]] == ["2021-06-24", "2021-06-25"]
    assert list(frame["n"]) == [2, 1]
    assert frame["total"][0] == Decimal("141.41")
    assert frame["total"].isna()[1]
    assert list(frame["mean"]) == [15.0, 30.0]


def test_awswrangler_leaves_no_temporary_table_or_object(lake: Lake) -> None:
    output = f"s3://{RESULTS}/wr-clean/"
    wr.athena.read_sql_query(
        "SELECT * FROM quotes",
        database=DATABASE,
        ctas_approach=True,
        s3_output=output,
        keep_files=False,
        boto3_session=lake.session,
    )
    tables = wr.catalog.get_tables(database=DATABASE, boto3_session=lake.session)
    assert not [table["Name"] for table in tables if table["Name"].startswith("temp_table")]
    assert wr.s3.list_objects(output, boto3_session=lake.session) == []


def test_awswrangler_reads_in_chunks_with_parameters(lake: Lake) -> None:
    frames = wr.athena.read_sql_query(
        "SELECT code FROM quotes WHERE trades > :low ORDER BY trades",
        params={"low": 5},
        database=DATABASE,
        ctas_approach=False,
        chunksize=2,
        s3_output=lake.output,
        boto3_session=lake.session,
    )
    assert [list(frame["code"]) for frame in frames] == [["PETR4", "VALE3"], ["PETR4"]]


def test_awswrangler_uses_the_work_group_and_its_output(lake: Lake) -> None:
    frame = wr.athena.read_sql_query(
        TOTALS,
        database=DATABASE,
        ctas_approach=True,
        workgroup="team",
        boto3_session=lake.session,
    )
    assert list(frame["n"]) == [2, 1]


def test_awswrangler_runs_ddl_and_describes(lake: Lake) -> None:
    def execute(sql: str) -> Any:
        return wr.athena.start_query_execution(
            sql, database=DATABASE, s3_output=lake.output, wait=True, boto3_session=lake.session
        )

    execute(f"CREATE EXTERNAL TABLE again (code string) PARTITIONED BY (dt string)"
            f" STORED AS PARQUET LOCATION 's3://{DATA}/quotes/'")  # fmt: skip
    wr.athena.repair_table(
        "again", database=DATABASE, s3_output=lake.output, boto3_session=lake.session
    )
    described = wr.athena.describe_table(
        "again", database=DATABASE, s3_output=lake.output, boto3_session=lake.session
    )
    assert list(described["Column Name"]) == ["code", "dt"]
    statement = wr.athena.show_create_table(
        "again", database=DATABASE, s3_output=lake.output, boto3_session=lake.session
    )
    assert statement.startswith("CREATE EXTERNAL TABLE `lake.again`")
    frame = wr.athena.read_sql_query(
        "SELECT code FROM again WHERE dt = '2021-06-25'",
        database=DATABASE,
        ctas_approach=False,
        s3_output=lake.output,
        boto3_session=lake.session,
    )
    assert list(frame["code"]) == ["PETR4"]
    execute("DROP TABLE again")
    assert not wr.catalog.does_table_exist(
        database=DATABASE, table="again", boto3_session=lake.session
    )


def test_awswrangler_makes_a_table_of_a_query(lake: Lake) -> None:
    answer = wr.athena.create_ctas_table(
        "SELECT code, trades, dt FROM quotes",
        database=DATABASE,
        ctas_table="copied",
        s3_output=f"s3://{DATA}/copied/",
        partitioning_info=["dt"],
        write_compression="snappy",
        wait=True,
        boto3_session=lake.session,
    )
    assert answer["ctas_table"] == "copied"
    partitions = wr.catalog.get_partitions(
        database=DATABASE, table="copied", boto3_session=lake.session
    )
    assert sorted(partitions.values()) == [["2021-06-24"], ["2021-06-25"]]
    wr.catalog.delete_table_if_exists(DATABASE, "copied", boto3_session=lake.session)


# pyathena


def test_pyathena_reads_typed_rows(lake: Lake) -> None:
    with pyathena.connect(s3_staging_dir=lake.output, schema_name=DATABASE) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT code, price, trades FROM quotes WHERE dt = %(dt)s ORDER BY trades",
            {"dt": "2021-06-24"},
        )
        assert [column[:2] for column in cursor.description] == [
            ("code", "varchar"),
            ("price", "decimal"),
            ("trades", "bigint"),
        ]
        assert cursor.fetchall() == [
            ("PETR4", Decimal("28.91"), 10),
            ("VALE3", Decimal("112.50"), 20),
        ]


def test_pyathena_binds_question_marks(lake: Lake) -> None:
    with pyathena.connect(s3_staging_dir=lake.output, schema_name=DATABASE) as connection:
        rows = connection.cursor().execute(
            "SELECT code FROM quotes WHERE trades = ? AND dt = ?",
            ["30", "'2021-06-25'"],
            paramstyle="qmark",
        )
        assert rows.fetchall() == [("PETR4",)]


def test_pyathena_reads_a_frame(lake: Lake) -> None:
    with pyathena.connect(
        s3_staging_dir=lake.output, schema_name=DATABASE, cursor_class=PandasCursor
    ) as connection:
        frame = connection.cursor().execute(TOTALS).as_pandas()
    assert list(frame["n"]) == [2, 1]
    assert frame["total"][0] == Decimal("141.41")


def test_pyathena_raises_the_reason_of_a_failure(lake: Lake) -> None:
    with (
        pyathena.connect(s3_staging_dir=lake.output, schema_name=DATABASE) as connection,
        pytest.raises(pyathena.OperationalError, match="TABLE_NOT_FOUND: line 1:15"),
    ):
        connection.cursor().execute("SELECT * FROM missing")


def test_pyathena_shows_the_catalog(lake: Lake) -> None:
    with pyathena.connect(s3_staging_dir=lake.output, schema_name=DATABASE) as connection:
        cursor = connection.cursor()
        assert ("quotes",) in cursor.execute("SHOW TABLES").fetchall()
        assert cursor.execute("SHOW PARTITIONS quotes").fetchall() == [
            ("dt=2021-06-24",),
            ("dt=2021-06-25",),
        ]
