"""COPY: what it loads, and what it says of what it does not load."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.local.redshift.engine import RedshiftError, Session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Rows

TABLE = "CREATE TABLE plays (id INT NOT NULL, song VARCHAR(10), at TIMESTAMP, length FLOAT)"
FAILED = "ERROR: Load into table 'plays' failed.  Check 'stl_load_errors' system table for details."


def put(s3: S3Client, key: str, *documents: Any) -> None:
    lines = [d if isinstance(d, str) else json.dumps(d) for d in documents]
    s3.put_object(Bucket="data", Key=key, Body="\n".join(lines).encode())


def put_parquet(s3: S3Client, key: str, **columns: pa.Array[Any]) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    s3.put_object(Bucket="data", Key=key, Body=file.getvalue())


def copy(options: str = "JSON 'auto'", source: str = "in/", columns: str = "") -> str:
    return f"COPY plays {columns} FROM 's3://data/{source}' IAM_ROLE default {options}"


def test_json_is_loaded_by_the_names_of_the_columns(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1, "song": "A", "other": True}, {"song": None, "id": "2"})

    rows(TABLE, copy())

    assert rows("SELECT id, song FROM plays ORDER BY id") == [(1, "A"), (2, None)]


def test_the_count_of_loaded_rows_is_told(s3: S3Client, session: Session) -> None:
    put(s3, "in/a", {"id": 1})
    put(s3, "in/b", {"id": 2}, {"id": 3})
    session.run(TABLE)

    outcome = session.run(copy())

    assert (outcome.tag, outcome.row_count) == ("COPY", 3)


def test_auto_matches_names_exactly_and_ignorecase_does_not(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1, "Song": "A"})

    rows(TABLE, copy(), copy("JSON 'auto ignorecase'"))

    assert rows("SELECT song FROM plays ORDER BY song") == [("A",), (None,)]


def test_jsonpaths_pick_values_in_the_order_of_the_columns(s3: S3Client, rows: Rows) -> None:
    put(s3, "paths.json", {"jsonpaths": ["$.key", "$['names'][1]"]})
    put(s3, "in/a", {"key": 7, "names": ["A", "B"]})

    rows(TABLE, copy("FORMAT AS JSON 's3://data/paths.json'", columns="(id, song)"))

    assert rows("SELECT id, song FROM plays") == [(7, "B")]


def test_another_number_of_jsonpaths_is_refused(s3: S3Client, rows: Rows) -> None:
    put(s3, "paths.json", {"jsonpaths": ["$.key"]})
    put(s3, "in/a", {"key": 7})

    with pytest.raises(RedshiftError, match=r"JSONPath size: 1, Number of columns .* list: 4"):
        rows(TABLE, copy("JSON 's3://data/paths.json'"))


def test_a_document_may_span_lines(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", '{\n  "id": 1,\n  "song": "A"\n}\n{"id": 2}')

    rows(TABLE, copy())

    assert rows("SELECT id FROM plays ORDER BY 1") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("TIMEFORMAT 'epochmillisecs'", 1541121934796),
        ("TIMEFORMAT 'epochmillisecs'", "1541121934796"),
        ("TIMEFORMAT 'auto'", "2018-11-02T01:25:34.796Z"),
        ("", "2018-11-02 01:25:34.796"),
        ("TIMEFORMAT AS 'YYYY/MM/DD HH24:MI:SS.US'", "2018/11/02 01:25:34.796000"),
    ],
)
def test_a_timestamp_is_read_by_its_format(
    s3: S3Client, rows: Rows, option: str, value: object
) -> None:
    put(s3, "in/a", {"id": 1, "at": value})

    rows(TABLE, copy(f"JSON 'auto' {option}"))

    assert rows("SELECT at FROM plays") == [("2018-11-02 01:25:34.796",)]


def test_gzip_is_read(s3: S3Client, rows: Rows) -> None:
    s3.put_object(Bucket="data", Key="in/a.gz", Body=gzip.compress(b'{"id": 1}'))

    rows(TABLE, copy("JSON 'auto' GZIP"))

    assert rows("SELECT id FROM plays") == [(1,)]


def test_an_empty_text_is_null_in_a_number_and_kept_in_a_text(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1, "song": "", "length": ""})

    rows(TABLE, copy())

    assert rows("SELECT song, length FROM plays") == [("", None)]


def test_emptyasnull_and_blanksasnull_make_null(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1, "song": ""}, {"id": 2, "song": "  "})

    rows(TABLE, copy("JSON 'auto' EMPTYASNULL BLANKSASNULL"))

    assert rows("SELECT song FROM plays") == [(None,), (None,)]


@pytest.mark.parametrize(
    ("document", "column", "code", "reason"),
    [
        ({"id": "x1"}, "id", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer"),
        ({"id": 1.5}, "id", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"),
        ({"id": 3_000_000_000}, "id", 1204, "Overflow, Value 3000000000, Type: Integer"),
        ({"song": "A"}, "id", 1213, "Missing data for not-null field"),
        ({"id": 1, "song": "12345678901"}, "song", 1204, "String length exceeds DDL length"),
        ({"id": 1, "at": "soon"}, "at", 1206,
         "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        ({"id": 1, "length": "long"}, "length", 1208, "Invalid digit, Value 'long', Type: Double"),
        ("[1]", "", 1224, "Invalid JSON: the document is no object"),
    ],
)  # fmt: skip
def test_a_row_that_is_refused_fails_the_load_and_is_kept(  # noqa: PLR0917 - a row of the table
    s3: S3Client, rows: Rows, document: Any, column: str, code: int, reason: str
) -> None:
    put(s3, "in/a", {"id": 1}, document)

    with pytest.raises(RedshiftError) as failure:
        rows(TABLE, copy())

    assert str(failure.value) == FAILED
    assert rows("SELECT count(*) FROM plays") == [(0,)]
    kept = rows(
        "SELECT filename, line_number, colname, err_code, err_reason, raw_line FROM stl_load_errors"
    )
    line = document if isinstance(document, str) else json.dumps(document)
    assert kept == [("s3://data/in/a", 2, column, code, reason, line)]


def test_load_errors_survive_the_rollback_of_a_transaction(s3: S3Client, session: Session) -> None:
    put(s3, "in/a", {"id": "x"})
    session.run(TABLE)
    session.run("BEGIN")
    with pytest.raises(RedshiftError):
        session.run(copy())
    session.run("ROLLBACK")

    found = session.run("SELECT colname, raw_field_value FROM stl_load_errors")

    assert list(found.records()) == [("id", "x")]


def test_fewer_errors_than_maxerror_are_skipped(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": "x"}, {"id": 1}, {"id": "y"}, {"id": 2})

    rows(TABLE, copy("JSON 'auto' MAXERROR 3"))

    assert rows("SELECT id FROM plays ORDER BY 1") == [(1,), (2,)]
    assert rows("SELECT line_number FROM stl_load_errors ORDER BY 1") == [(1,), (3,)]


def test_as_many_errors_as_maxerror_fail_the_load(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": "x"}, {"id": 1}, {"id": "y"})

    with pytest.raises(RedshiftError, match="Load into table 'plays' failed"):
        rows(TABLE, copy("JSON 'auto' MAXERROR 2"))


def test_a_line_cut_in_half_is_refused_and_the_next_is_read(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1}, '{"id": 2, "so', {"id": 3})

    rows(TABLE, copy("JSON 'auto' MAXERROR 5"))

    assert rows("SELECT id FROM plays ORDER BY 1") == [(1,), (3,)]
    assert rows("SELECT err_code FROM stl_load_errors") == [(1224,)]


def test_truncatecolumns_cuts_by_bytes_and_not_inside_of_a_letter(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1, "song": "123456789é"})

    rows(TABLE, copy("JSON 'auto' TRUNCATECOLUMNS"))

    assert rows("SELECT song FROM plays") == [("123456789",)]


def test_bytes_that_are_no_utf8_are_refused_or_replaced(s3: S3Client, rows: Rows) -> None:
    s3.put_object(Bucket="data", Key="in/a", Body=b'{"id": 1, "song": "a\xff"}')

    rows(TABLE, copy("JSON 'auto' MAXERROR 5"), copy("JSON 'auto' ACCEPTINVCHARS AS '#'"))

    assert rows("SELECT song FROM plays") == [("a#",)]
    assert rows("SELECT err_code FROM stl_load_errors") == [(1220,)]


def test_a_prefix_without_objects_is_refused(s3: S3Client, rows: Rows) -> None:
    assert s3
    with pytest.raises(RedshiftError, match="The specified S3 prefix 'none' does not exist"):
        rows(TABLE, copy(source="none"))


def test_a_manifest_names_the_objects(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1})
    put(s3, "in/b", {"id": 2})
    put(s3, "manifest", {"entries": [{"url": "s3://data/in/b", "mandatory": True}]})

    rows(TABLE, copy("JSON 'auto' MANIFEST", source="manifest"))

    assert rows("SELECT id FROM plays") == [(2,)]


def test_a_mandatory_object_that_is_missing_fails_the_load(s3: S3Client, rows: Rows) -> None:
    put(s3, "manifest", {"entries": [{"url": "s3://data/in/b", "mandatory": True}]})

    with pytest.raises(RedshiftError, match="s3://data/in/b of the manifest is mandatory"):
        rows(TABLE, copy("JSON 'auto' MANIFEST", source="manifest"))


def test_what_was_loaded_is_in_the_history(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1}, {"id": 2})

    rows(TABLE, copy())

    history = rows("SELECT table_name, status, loaded_rows, error_count FROM sys_load_history")
    assert history == [("plays", "completed", 2, 0)]
    assert rows("SELECT filename, lines_scanned FROM stl_load_commits") == [("s3://data/in/a", 2)]


def test_parquet_is_loaded_by_the_place_of_its_columns(s3: S3Client, rows: Rows) -> None:
    put_parquet(
        s3,
        "in/a.parquet",
        x=pa.array([1, 2], pa.int32()),
        y=pa.array(["A", None]),
        z=pa.array([0, 1_541_121_934_796], pa.timestamp("ms")),
        w=pa.array([1.5, None], pa.float64()),
    )

    rows(TABLE, copy("FORMAT AS PARQUET"))

    assert rows("SELECT * FROM plays ORDER BY 1") == [
        (1, "A", "1970-01-01 00:00:00", 1.5),
        (2, None, "2018-11-02 01:25:34.796", None),
    ]


def test_parquet_of_another_type_is_refused(s3: S3Client, rows: Rows) -> None:
    put_parquet(s3, "in/a.parquet", id=pa.array([1], pa.int64()))

    with pytest.raises(
        RedshiftError,
        match=r"Spectrum Scan Error(.|\n)*incompatible Parquet schema(.|\n)*Column type: INTEGER",
    ):
        rows(TABLE, copy("FORMAT PARQUET", columns="(id)"))


def test_parquet_with_another_number_of_columns_is_refused(s3: S3Client, rows: Rows) -> None:
    put_parquet(s3, "in/a.parquet", id=pa.array([1], pa.int32()))

    with pytest.raises(RedshiftError, match="Table columns: 4, Data columns: 1"):
        rows(TABLE, copy("FORMAT PARQUET"))


def test_a_text_of_parquet_that_is_too_long_is_refused(s3: S3Client, rows: Rows) -> None:
    put_parquet(s3, "in/a.parquet", id=pa.array([1], pa.int32()), song=pa.array(["12345678901"]))

    with pytest.raises(RedshiftError, match=r"data column song is longer .* Table: 10, Data: 11"):
        rows(TABLE, copy("FORMAT PARQUET", columns="(id, song)"))


def test_a_null_of_parquet_is_refused_where_there_must_be_none(s3: S3Client, rows: Rows) -> None:
    put_parquet(s3, "in/a.parquet", id=pa.array([None], pa.int32()))

    with pytest.raises(RedshiftError, match="Cannot insert a NULL value into column id"):
        rows(TABLE, copy("FORMAT PARQUET", columns="(id)"))


def test_an_object_that_is_no_parquet_is_refused(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"id": 1})

    with pytest.raises(RedshiftError, match="is no Parquet file"):
        rows(TABLE, copy("FORMAT PARQUET"))


@pytest.mark.parametrize("option", ["MAXERROR 5", "GZIP", "TRUNCATECOLUMNS"])
def test_options_of_text_are_refused_for_parquet(s3: S3Client, rows: Rows, option: str) -> None:
    assert s3
    name = option.split(maxsplit=1)[0]
    with pytest.raises(RedshiftError, match=f"{name} argument is not supported for PARQUET"):
        rows(TABLE, copy(f"FORMAT PARQUET {option}"))


@pytest.mark.parametrize(
    "option", ["CSV", "DELIMITER '|'", "FORMAT AVRO 'auto'", "FORMAT ORC", "FIXEDWIDTH 'a:1'"]
)
def test_formats_that_are_not_there_are_refused_by_name(
    s3: S3Client, rows: Rows, option: str
) -> None:
    assert s3
    name = option.removeprefix("FORMAT ").split()[0]
    with pytest.raises(RedshiftError, match=f"COPY with {name} is not supported by the embedded"):
        rows(TABLE, copy(option))


def test_access_keys_are_refused_by_name(s3: S3Client, rows: Rows) -> None:
    assert s3
    with pytest.raises(RedshiftError, match="COPY with CREDENTIALS is not supported"):
        rows(TABLE, "COPY plays FROM 's3://data/in' CREDENTIALS 'aws_access_key_id=x' JSON 'auto'")


def test_an_unknown_option_is_a_syntax_error(s3: S3Client, rows: Rows) -> None:
    assert s3
    with pytest.raises(RedshiftError, match='syntax error at or near "QUICKLY"'):
        rows(TABLE, copy("JSON 'auto' QUICKLY"))


def test_a_bucket_that_is_not_there_is_said_by_s3(s3: S3Client, rows: Rows) -> None:
    assert s3
    with pytest.raises(RedshiftError, match=r"S3ServiceException:.*Status 404,Error NoSuchBucket"):
        rows(TABLE, "COPY plays FROM 's3://nowhere/in' IAM_ROLE default JSON 'auto'")


def test_an_identity_column_numbers_the_loaded_rows(s3: S3Client, rows: Rows) -> None:
    put(s3, "in/a", {"name": "A"}, {"name": "B"})

    rows(
        "CREATE TABLE plays (number BIGINT IDENTITY(10, 5), name VARCHAR)",
        "COPY plays FROM 's3://data/in/' IAM_ROLE default JSON 'auto'",
    )

    assert rows("SELECT * FROM plays ORDER BY 1") == [(10, "A"), (15, "B")]
