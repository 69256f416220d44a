"""UNLOAD: what lies in S3 afterwards, and where it does not write."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from infra.local.redshift.engine import RedshiftError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Rows

QUERY = "SELECT 1 AS id, ''a'' AS name, DATE ''2018-11-01'' AS day UNION ALL SELECT 2, ''b'', NULL"


def unload(options: str, query: str = QUERY) -> str:
    return f"UNLOAD ('{query}') TO 's3://data/out/' IAM_ROLE default {options}"


def keys(s3: S3Client) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket="data").get("Contents", [])]


def body(s3: S3Client, key: str) -> bytes:
    return s3.get_object(Bucket="data", Key=key)["Body"].read()


def test_parquet_holds_the_rows_with_their_types(s3: S3Client, rows: Rows) -> None:
    rows(unload("FORMAT PARQUET"))

    table = pq.read_table(io.BytesIO(body(s3, "out/0000_part_00.parquet")))

    assert [str(field.type) for field in table.schema] == ["int32", "string", "date32[day]"]
    assert table.column("name").to_pylist() == ["a", "b"]


def test_what_is_unloaded_is_copied_again(s3: S3Client, rows: Rows) -> None:
    assert s3
    rows(unload("FORMAT AS PARQUET"), "CREATE TABLE t (id INT, name VARCHAR, day DATE)")

    rows("COPY t FROM 's3://data/out/' IAM_ROLE default FORMAT PARQUET")

    assert rows("SELECT * FROM t ORDER BY id") == [(1, "a", "2018-11-01"), (2, "b", None)]


def test_csv_and_json_are_written_as_text(s3: S3Client, rows: Rows) -> None:
    rows(unload("FORMAT CSV HEADER"))
    rows(unload("FORMAT JSON GZIP ALLOWOVERWRITE"))

    assert body(s3, "out/0000_part_00").decode().splitlines() == [
        "id,name,day",
        "1,a,2018-11-01",
        "2,b,",
    ]
    first = gzip.decompress(body(s3, "out/0000_part_00.gz")).splitlines()[0]
    assert json.loads(first) == {"id": 1, "name": "a", "day": "2018-11-01"}


def test_partitions_are_folders_named_after_their_values(s3: S3Client, rows: Rows) -> None:
    rows(unload("FORMAT PARQUET PARTITION BY (day)"))

    assert keys(s3) == [
        "out/day=2018-11-01/0000_part_00.parquet",
        "out/day=__HIVE_DEFAULT_PARTITION__/0001_part_00.parquet",
    ]
    table = pq.read_table(io.BytesIO(body(s3, keys(s3)[0])))
    assert table.column_names == ["id", "name"]


def test_a_place_that_is_not_empty_is_refused(s3: S3Client, rows: Rows) -> None:
    s3.put_object(Bucket="data", Key="out/old", Body=b"x")

    with pytest.raises(RedshiftError, match="unload destination on S3 is not empty"):
        rows(unload("FORMAT PARQUET"))
    assert keys(s3) == ["out/old"]


def test_cleanpath_removes_what_is_there(s3: S3Client, rows: Rows) -> None:
    s3.put_object(Bucket="data", Key="out/old", Body=b"x")

    rows(unload("FORMAT PARQUET CLEANPATH"))

    assert keys(s3) == ["out/0000_part_00.parquet"]


def test_a_manifest_lists_the_objects(s3: S3Client, rows: Rows) -> None:
    rows(unload("FORMAT PARQUET MANIFEST PARALLEL OFF"))

    (entry,) = json.loads(body(s3, "out/manifest"))["entries"]
    assert entry["url"] == "s3://data/out/0000_part_00.parquet"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "UNLOAD of delimited text is not supported"),
        ("DELIMITER '|'", "UNLOAD with DELIMITER is not supported"),
        ("FORMAT PARQUET MAXFILESIZE 5 MB", "UNLOAD with MAXFILESIZE is not supported"),
        ("FORMAT PARQUET QUICKLY", 'syntax error at or near "QUICKLY"'),
        ("FORMAT PARQUET PARTITION BY (nope)", "of PARTITION BY is not in the query"),
        ("FORMAT ORC", "UNLOAD with the format ORC is not supported"),
    ],
)
def test_options_that_are_not_there_are_refused(
    s3: S3Client, rows: Rows, options: str, message: str
) -> None:
    assert s3
    with pytest.raises(RedshiftError, match=message):
        rows(unload(options))
