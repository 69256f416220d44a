"""Types: Glue's texts, Athena's names, DuckDB's types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.athena.hive_types import glue_type, parse_glue_type
from infra.local.athena.types import BIGINT, VARCHAR, Type, array, decimal, duckdb_type, map_of, row


@pytest.mark.parametrize(
    ("text", "sql", "duckdb"),
    [
        ("int", "integer", "INTEGER"),
        ("Float", "real", "REAL"),
        ("decimal(18, 2)", "decimal(18,2)", "DECIMAL(18,2)"),
        ("decimal(5)", "decimal(5,0)", "DECIMAL(5,0)"),
        ("decimal", "decimal(10,0)", "DECIMAL(10,0)"),
        ("varchar(3)", "varchar(3)", "VARCHAR"),
        ("char(3)", "char(3)", "VARCHAR"),
        ("binary", "varbinary", "BLOB"),
        ("timestamp", "timestamp(3)", "TIMESTAMP"),
        ("array<array<int>>", "array(array(integer))", "INTEGER[][]"),
        ("map<string,double>", "map(varchar, double)", "MAP(VARCHAR, DOUBLE)"),
        (
            "struct<a:int, b-c:array<string>>",
            "row(a integer, b-c array(varchar))",
            "STRUCT(f0 INTEGER, f1 VARCHAR[])",
        ),
    ],
)
def test_a_type_of_glue_is_read(text: str, sql: str, duckdb: str) -> None:
    found = parse_glue_type(text)
    assert (str(found), duckdb_type(found)) == (sql, duckdb)


@pytest.mark.parametrize(
    "text", ["", "wat", "array<int", "array<int,int>", "map<int>", "struct<a>", "int int", "int;"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no Hive type"):
        parse_glue_type(text)


TYPES: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([BIGINT, VARCHAR, decimal(18, 2), parse_glue_type("date")]),
    lambda inner: st.one_of(
        inner.map(array),
        st.tuples(inner, inner).map(lambda pair: map_of(*pair)),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda items: row(tuple(f"c{i}" for i in range(len(items))), tuple(items))
        ),
    ),
    max_leaves=6,
)


@given(TYPES)
def test_a_type_written_for_glue_is_read_back(of: Type) -> None:
    assert parse_glue_type(glue_type(of)) == of
