"""What is read from a model's SQL, and what no model may have."""

from __future__ import annotations

import pytest
from lake.models.query import QueryError, read_query


def test_the_tables_that_are_read_are_found_wherever_they_stand() -> None:
    query = read_query(
        "WITH a AS (SELECT k FROM one) SELECT k FROM a JOIN two USING (k) "
        "WHERE k IN (SELECT k FROM three) UNION ALL SELECT k FROM (SELECT k FROM four) AS t"
    )
    assert query.reads == {"one", "two", "three", "four"}


def test_columns_are_known_by_alias_or_name() -> None:
    assert read_query("SELECT t.a, b AS c, d + 1 AS e FROM t").gives == ("a", "c", "e")


def test_the_days_stand_where_the_parameter_is_and_nowhere_else() -> None:
    text = "-- for :days\nSELECT a FROM t WHERE day IN (:days) AND b = ':days'"
    query = read_query(text)
    assert query.takes_days
    assert query.on("DATE '2018-11-01'") == text.replace("(:days)", "(DATE '2018-11-01')")


def test_a_semicolon_at_the_end_is_no_part_of_the_query() -> None:
    assert read_query("SELECT a FROM t;\n").text == "SELECT a FROM t"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM t", "column 1, *: name each column"),
        ("SELECT a, t.* FROM t", "column 2, t.*: name each column"),
        ("SELECT a + 1 FROM t", "column 1, a + 1, has no name"),
        ("INSERT INTO t SELECT 1", "should be one SELECT"),
        ("SELECT 1 AS a; SELECT 2 AS b", "should be one SELECT"),
        ("", "should be one SELECT"),
        ("SELECT a FROM lake_dev.t", "lake_dev.t: name a table without its database, t"),
        ("SELECT a FROM t WHERE d = :day", "unknown parameter :day; the only one is :days"),
        ("SELECT (a FROM t", "Expecting )"),
        ("SELECT 'a FROM t", "Error tokenizing"),
    ],
)
def test_refused(sql: str, message: str) -> None:
    with pytest.raises(QueryError) as refused:
        read_query(sql)
    assert message in str(refused.value)
