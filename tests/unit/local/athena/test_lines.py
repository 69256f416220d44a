"""Lines of text as LazySimpleSerDe takes them."""

from __future__ import annotations

import gzip

import pytest

from .lake import Lake, QueryFailed

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


@pytest.mark.parametrize("compress", [False, True])
def test_a_line_ends_with_lf_cr_or_crlf_and_may_be_blank(lake: Lake, compress: bool) -> None:
    content = b'\xef\xbb\xbfa\n\nb\r\nc\rd\r\r\n\\N\ne\x01cut off\n"f,|\x00'
    lake.put(
        f"s3://data/t/a{'.gz' if compress else ''}", gzip.compress(content) if compress else content
    )
    lake.table("t", {"line": "string"}, location="s3://data/t/", serde=LAZY)
    lines = ["a", "", "b", "c", "d", "", None, "e", '"f,|\x00']
    assert lake.rows("SELECT line FROM t") == [(line,) for line in lines]


def test_the_lf_of_a_crlf_may_be_in_the_next_block(lake: Lake) -> None:
    lines = [f"{'x' * 16}" for _ in range(60_000)]
    lake.put("s3://data/t/a", "\r\n".join(lines).encode())
    lake.table("t", {"line": "string"}, location="s3://data/t/", serde=LAZY)
    assert lake.rows("SELECT line, count(*) FROM t GROUP BY 1") == [("x" * 16, "60000")]


def test_an_encoding_is_decoded(lake: Lake) -> None:
    lake.put("s3://data/t/a", "Açúcar".encode("latin-1") + b"\x85\n")
    parameters = {"serialization.encoding": "ISO-8859-1"}
    lake.table(
        "t",
        {"line": "string"},
        location="s3://data/t/",
        serde=LAZY,
        serde_parameters=parameters,
    )
    assert lake.rows("SELECT line, length(line) FROM t") == [("Açúcar\x85", "7")]


def test_an_unknown_encoding_is_refused(lake: Lake) -> None:
    lake.put("s3://data/t/a", b"x\n")
    parameters = {"serialization.encoding": "ISO-8859-99"}
    lake.table(
        "t",
        {"line": "string"},
        location="s3://data/t/",
        serde=LAZY,
        serde_parameters=parameters,
    )
    with pytest.raises(QueryFailed, match="ISO-8859-99"):
        lake.rows("SELECT line FROM t")


def test_rows_are_unloaded_by_a_column_named_like_the_written_files(lake: Lake) -> None:
    lake.execute(
        "UNLOAD (SELECT 1 AS x, 'a' AS data) TO 's3://data/out/'"
        " WITH (format = 'PARQUET', partitioned_by = ARRAY['data'])"
    )
    lake.table("t", {"x": "int"}, location="s3://data/out/")
    assert lake.rows("SELECT x FROM t") == [("1",)]
