"""Results: in pages, as fields or as CSV."""

from __future__ import annotations

import csv
import io

from tests.unit.local.redshift.data.conftest import Client


def test_a_large_result_comes_in_pages(client: Client) -> None:
    id = client.run("select i, 'row ' || i as t from range(2500) r(i)")["Id"]
    page = client("GetStatementResult", Id=id)
    assert page["TotalNumRows"] == 2500
    rows = page["Records"]
    pages = 1
    while "NextToken" in page:
        page = client("GetStatementResult", Id=id, NextToken=page["NextToken"])
        rows += page["Records"]
        pages += 1
    assert pages == 3
    assert [row[0]["longValue"] for row in rows] == list(range(2500))


def test_a_token_of_another_kind_is_refused(client: Client) -> None:
    id = client.run("select 1")["Id"]
    for token in ("x", "OTk5OTk5", "LTE="):
        refusal = client.refused("GetStatementResult", Id=id, NextToken=token)
        assert refusal == "ValidationException: The NextToken is not valid."


def test_csv_is_read_back_as_it_was(client: Client) -> None:
    sql = "select i, 'a,\"' || chr(10) || 'b' as t, null as n, true as b from range(1200) r(i)"
    id = client.run(sql, ResultFormat="CSV")["Id"]
    page = client("GetStatementResultV2", Id=id)
    assert page["ResultFormat"] == "csv"
    text = page["Records"][0]["CSVRecords"]
    rest = client("GetStatementResultV2", Id=id, NextToken=page["NextToken"])
    text += rest["Records"][0]["CSVRecords"]
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [[str(i), 'a,"\nb', "", "true"] for i in range(1200)]


def test_each_format_has_its_operation(client: Client) -> None:
    as_csv = client.run("select 1", ResultFormat="CSV")["Id"]
    assert "use GetStatementResultV2" in client.refused("GetStatementResult", Id=as_csv)
    as_json = client.run("select 1")["Id"]
    assert "use GetStatementResult." in client.refused("GetStatementResultV2", Id=as_json)


def test_a_result_of_no_rows_is_a_result(client: Client) -> None:
    id = client.run("select 1 as one where false")["Id"]
    result = client("GetStatementResult", Id=id)
    assert (result["Records"], result["TotalNumRows"]) == ([], 0)
    assert [column["name"] for column in result["ColumnMetadata"]] == ["one"]
