"""Queries as a whole: names, joins, groups, windows, order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.local.athena.errors import QueryError

from .conftest import translate

Row = tuple[str | None, ...]
Run = Callable[[str], list[Row]]

TRADES = "(VALUES ('a', 1, 10.50), ('a', 2, 20.00), ('b', 3, NULL)) AS t(code, n, price)"

QUERIES: list[tuple[str, list[Row]]] = [
    # NULLs come last whichever the direction, unless it is said.
    ("SELECT x FROM (VALUES 2, NULL, 1) AS t(x) ORDER BY x", [("1",), ("2",), (None,)]),
    ("SELECT x FROM (VALUES 2, NULL, 1) AS t(x) ORDER BY x DESC", [("2",), ("1",), (None,)]),
    (
        "SELECT x FROM (VALUES 2, NULL, 1) AS t(x) ORDER BY x NULLS FIRST",
        [(None,), ("1",), ("2",)],
    ),
    # Groups.
    (
        f"SELECT code, sum(price), avg(price), count(*), count(price) FROM {TRADES} GROUP BY 1"
        " ORDER BY 1",
        [("a", "30.50", "15.25", "2", "2"), ("b", None, None, "1", "0")],
    ),
    (f"SELECT code FROM {TRADES} GROUP BY code HAVING max(n) > 2", [("b",)]),
    (f"SELECT count(*) FROM {TRADES} WHERE n > 5", [("0",)]),
    (f"SELECT sum(n) FROM {TRADES} WHERE n > 5", [(None,)]),
    (
        f"SELECT code, count(*) AS n2 FROM {TRADES} GROUP BY ROLLUP (code) ORDER BY n2, code",
        [("b", "1"), ("a", "2"), (None, "3")],
    ),
    (
        f"SELECT sum(n) FILTER (WHERE code = 'a'), count(DISTINCT code) FROM {TRADES}",
        [("3", "2")],
    ),
    (f"SELECT max_by(code, n), min_by(price, n) FROM {TRADES}", [("b", "10.50")]),
    (
        f"SELECT array_agg(n ORDER BY n DESC), listagg(code, '-') WITHIN GROUP (ORDER BY n)"
        f" FROM {TRADES}",
        [("[3, 2, 1]", "a-a-b")],
    ),
    ("SELECT avg(x) FROM (VALUES 1.00, 2.01) AS t(x)", [("1.51",)]),
    ("SELECT avg(x) FROM (VALUES 1, 2) AS t(x)", [("1.5",)]),
    ("SELECT approx_percentile(x, 0.5) FROM (VALUES 1, 2, 3) AS t(x)", [("2",)]),
    ("SELECT year(d), count(*) FROM (VALUES DATE '2021-06-25') AS t(d) GROUP BY year(d)",
     [("2021", "1")]),
    # Windows.
    (
        f"SELECT n, row_number() OVER (PARTITION BY code ORDER BY n DESC) AS r FROM {TRADES}"
        " ORDER BY n",
        [("1", "2"), ("2", "1"), ("3", "1")],
    ),
    (
        f"SELECT sum(n) OVER (ORDER BY n), lag(n, 1, 0) OVER (ORDER BY n),"
        f" sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {TRADES}"
        " ORDER BY 1",
        [("1", "0", "1"), ("3", "1", "3"), ("6", "2", "5")],
    ),
    (
        f"SELECT last_value(price) IGNORE NULLS OVER (ORDER BY n) FROM {TRADES} ORDER BY n",
        [("10.50",), ("20.00",), ("20.00",)],
    ),
    (f"SELECT count(*) OVER w FROM {TRADES} WINDOW w AS (PARTITION BY code) ORDER BY n",
     [("2",), ("2",), ("1",)]),
    # Joins.
    (
        "SELECT a.x, b.y FROM (VALUES 1, 2) AS a(x) LEFT JOIN (VALUES (2, 'b')) AS b(x, y)"
        " ON a.x = b.x ORDER BY 1",
        [("1", None), ("2", "b")],
    ),
    (
        "SELECT * FROM (VALUES (1, 'a')) AS a(x, l) FULL JOIN (VALUES (2, 'b')) AS b(x, r)"
        " USING (x) ORDER BY x",
        [("1", "a", None), ("2", None, "b")],
    ),
    ("SELECT a.x, b.x FROM (VALUES 1) AS a(x), (VALUES 2) AS b(x)", [("1", "2")]),
    (
        "SELECT t.k, u.v, u.n FROM (VALUES ('x', ARRAY[5, 6])) AS t(k, l)"
        " CROSS JOIN UNNEST(l) WITH ORDINALITY AS u(v, n) ORDER BY n",
        [("x", "5", "1"), ("x", "6", "2")],
    ),
    ("SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(n, s) ORDER BY n",
     [("1", "a"), ("2", None)]),
    ("SELECT * FROM UNNEST(MAP(ARRAY['k'], ARRAY[1])) AS t(k, v)", [("k", "1")]),
    ("SELECT a, b FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) AS t(a, b) ORDER BY a",
     [("1", "x"), ("2", "y")]),
    (
        "SELECT k, v FROM (VALUES ('x', ARRAY[1]), ('y', ARRAY[])) AS t(k, l)"
        " LEFT JOIN UNNEST(l) AS u(v) ON TRUE ORDER BY k",
        [("x", "1"), ("y", None)],
    ),
    # Subqueries.
    ("SELECT x FROM (VALUES 1, 2, 3) AS t(x) WHERE x IN (SELECT y FROM (VALUES 2) AS u(y))",
     [("2",)]),
    (
        "SELECT x FROM (VALUES 1, 2) AS t(x) WHERE EXISTS"
        " (SELECT 1 FROM (VALUES 2) AS u(y) WHERE u.y = t.x)",
        [("2",)],
    ),
    ("SELECT (SELECT max(y) FROM (VALUES x, 5) AS u(y)) FROM (VALUES 9) AS t(x)", [("9",)]),
    ("SELECT x FROM (VALUES 1, 3) AS t(x) WHERE x > ALL (SELECT y FROM (VALUES 1, 2) AS u(y))",
     [("3",)]),
    ("SELECT x FROM (VALUES 1, 2) AS t(x) WHERE x NOT IN (SELECT y FROM (VALUES 1, NULL) AS u(y))",
     []),
    # WITH and set operations.
    ("WITH a AS (SELECT 1 AS x), b(y) AS (SELECT x + 1 FROM a) SELECT x, y FROM a, b",
     [("1", "2")]),
    ("SELECT 1 AS x UNION SELECT 1 UNION ALL SELECT 2 ORDER BY x DESC", [("2",), ("1",)]),
    ("SELECT 1 AS x UNION ALL SELECT 2.5 ORDER BY x", [("1.0",), ("2.5",)]),
    ("SELECT 1 INTERSECT SELECT 1", [("1",)]),
    ("SELECT 1 EXCEPT SELECT 1", []),
    ("(SELECT 2 AS x UNION SELECT 1) ORDER BY x LIMIT 1", [("1",)]),
    ("VALUES (1, 'a'), (2, 'b')", [("1", "a"), ("2", "b")]),
    # ORDER BY sees the names of the result, GROUP BY those of the tables.
    ("SELECT -x AS x FROM (VALUES 1, 2) AS t(x) ORDER BY x", [("-2",), ("-1",)]),
    ("SELECT x AS y FROM (VALUES 1, 2) AS t(x) ORDER BY y * -1", [("2",), ("1",)]),
    ("SELECT x FROM (VALUES 3, 1, 2) AS t(x) ORDER BY x OFFSET 1 LIMIT 1", [("2",)]),
    ("SELECT x FROM (VALUES 3, 1, 2) AS t(x) ORDER BY x FETCH FIRST 2 ROWS ONLY",
     [("1",), ("2",)]),
    ("SELECT DISTINCT x % 2 FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x % 2", [("0",), ("1",)]),
    # Rows.
    ("SELECT r.a, r.b + 1 FROM (SELECT CAST(ROW('x', 1) AS row(a varchar, b integer)) AS r)",
     [("x", "2")]),
    ("SELECT t.r.a FROM (SELECT CAST(ROW('x') AS row(a varchar)) AS r) AS t", [("x",)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), QUERIES, ids=[sql[:90] for sql, _ in QUERIES])
def test_query_has_the_rows_that_trino_gives_it(run: Run, sql: str, rows: list[Row]) -> None:
    assert run(sql) == rows


ERRORS: list[tuple[str, str]] = [
    ("SELECT x + 1 AS y, y FROM (VALUES 1) AS t(x)", "COLUMN_NOT_FOUND: line 1:20: Column 'y'"),
    ("SELECT x AS y FROM (VALUES 1) AS t(x) WHERE y = 1", "COLUMN_NOT_FOUND"),
    ("SELECT x % 2 AS y FROM (VALUES 1) AS t(x) GROUP BY y", "COLUMN_NOT_FOUND"),
    ("SELECT x FROM (VALUES 1) AS a(x), (VALUES 1) AS b(x)", "AMBIGUOUS_NAME"),
    ("SELECT x, count(*) FROM (VALUES 1) AS t(x)", "EXPRESSION_NOT_AGGREGATE"),
    ("SELECT 1 FROM (VALUES 1) AS t(x) WHERE count(*) > 1", "EXPRESSION_NOT_SCALAR"),
    ("SELECT x FROM (VALUES 1) AS t(x) ORDER BY 2", "INVALID_COLUMN_REFERENCE"),
    ("SELECT t.y FROM (VALUES 1) AS t(x)", "COLUMN_NOT_FOUND: line 1:8: Column 't.y' cannot be"),
    ("SELECT u.* FROM (VALUES 1) AS t(x)", "TABLE_NOT_FOUND"),
    ("SELECT * FROM missing", "TABLE_NOT_FOUND: line 1:15"),
    ("SELECT *", "COLUMN_NOT_FOUND: .*SELECT \\* not allowed"),
    ("SELECT 1 UNION SELECT 'a'", "TYPE_MISMATCH: .*incompatible types: integer, varchar"),
    ("SELECT 1 UNION SELECT 1, 2", "TYPE_MISMATCH: .*different number of fields: 1, 2"),
    ("SELECT 1 WHERE 1", "TYPE_MISMATCH: .*WHERE clause must evaluate to a boolean"),
    ("SELECT (SELECT 1, 2)", "TYPE_MISMATCH"),
    ("SELECT a FROM (VALUES 1) AS t(a, b)", "MISMATCHED_COLUMN_ALIASES"),
    ("SELECT FROM t", "SYNTAX_ERROR"),
    ("SELECT 1; SELECT 2", "SYNTAX_ERROR: line 1:1: Only one sql statement is allowed"),
    ("SELECT 1 FROM", "SYNTAX_ERROR"),
    # DuckDB's own clauses.
    ("FROM (VALUES 1) AS t(x)", "SYNTAX_ERROR: .*FROM"),
    ("SELECT * EXCLUDE (x) FROM (VALUES (1, 2)) AS t(x, y)", "SYNTAX_ERROR"),
    ("SELECT x FROM (VALUES 1) AS t(x) GROUP BY ALL", "SYNTAX_ERROR"),
    ("SELECT x FROM (VALUES 1) AS t(x) QUALIFY row_number() OVER () = 1", "SYNTAX_ERROR"),
    ("SELECT DISTINCT ON (x) x FROM (VALUES 1) AS t(x)", "SYNTAX_ERROR"),
    ("SELECT * FROM read_csv('/etc/passwd')", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND"),
    ("SELECT * FROM duckdb_settings()", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("SELECT * FROM range(3)", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("COPY (SELECT 1) TO '/tmp/x'", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("ATTACH '/tmp/x.db'", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("PRAGMA version", "NOT_SUPPORTED|SYNTAX_ERROR"),
    # Known to Athena, not to this engine.
    ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t",
     "NOT_SUPPORTED: .*WITH RECURSIVE"),
    ("SELECT * FROM (VALUES 1) AS t(x) TABLESAMPLE BERNOULLI (10)", "NOT_SUPPORTED|SYNTAX_ERROR"),
    ("SELECT * FROM (VALUES 1) AS a(x) NATURAL JOIN (VALUES 1) AS b(x)", "NOT_SUPPORTED"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "error"), ERRORS, ids=[sql[:90] for sql, _ in ERRORS])
def test_wrong_query_is_refused_as_in_athena(run: Run, sql: str, error: str) -> None:
    with pytest.raises(QueryError, match=error):
        run(sql)


def test_columns_without_a_name_are_numbered_and_names_are_lower_case() -> None:
    query = translate("SELECT 1, 2 AS Total, x, x + 1 FROM (VALUES 1) AS t(X)")
    assert [column.name for column in query.columns] == ["_col0", "total", "x", "_col3"]


def test_result_types_are_those_of_trino() -> None:
    query = translate(
        "SELECT sum(d), avg(d), count(*), sum(i), avg(i), array_agg(i), max(v)"
        " FROM (SELECT CAST(1 AS decimal(18,2)) AS d, 1 AS i, 'x' AS v)"
    )
    assert [str(column.value.type) for column in query.columns] == [
        "decimal(38,2)", "decimal(18,2)", "bigint", "bigint", "double", "array(integer)", "varchar",
    ]  # fmt: skip


def test_comments_and_quoted_names_are_read() -> None:
    query = translate('-- first\nSELECT /* x */ "a b" FROM (VALUES 1) AS t("A b")')
    assert [column.name for column in query.columns] == ["a b"]
