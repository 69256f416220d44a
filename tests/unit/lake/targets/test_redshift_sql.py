"""Athena's statements in Redshift's SQL: the same rows from both engines, or a refusal by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlglot
from lake.targets.redshift_sql import (
    UnsupportedByRedshift,
    for_redshift,
    statements_for_redshift,
)

from infra.local.athena.session import Session as AthenaSession
from infra.local.athena.sql.parser import parse_query
from infra.local.athena.sql.query import Context, Statement
from infra.local.athena.sql.text import text_of
from infra.local.redshift.engine import Credentials, Database, Session

type Texts = list[tuple[str | None, ...]]

EVENTS = (
    "(SELECT 1 AS id, CAST('a' AS varchar) AS name, TIMESTAMP '2018-11-04 10:11:12.345' AS at,"
    " DATE '2018-11-04' AS day, 1.5E0 AS length, CAST(NULL AS varchar) AS nothing"
    " UNION ALL SELECT 2, 'b_c', TIMESTAMP '2018-11-05 23:59:59.999', DATE '2018-11-05', 2E0, 'n'"
    " UNION ALL SELECT 3, 'B', TIMESTAMP '2018-12-31 00:00:00.000', DATE '2018-12-31', 3.5E0, NULL"
    ") AS e"
)


def refuse(sql: str) -> object:
    raise AssertionError(sql)


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Texts]]:
    with AthenaSession(tmp_path_factory.mktemp("athena")) as session:

        def rows(sql: str) -> Texts:
            statement = Statement(now="2021-06-25 12:34:56.789", evaluate=refuse)
            query = Context(statement, "default").query(parse_query(sql))
            items = ", ".join(text_of(c.value.sql, c.value.type) for c in query.columns)
            return session.rows(f"SELECT {items} FROM ({query.sql})")

        yield rows


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    database = Database(
        tmp_path_factory.mktemp("redshift"),
        name="lake",
        account_id="123456789012",
        region="us-east-1",
        endpoint="http://127.0.0.1:1",
    )
    yield database.connect("admin", copy_credentials=lambda _: Credentials("test", "test"))
    database.close()


def shown(value: object) -> str | None:
    """A value of Redshift as Athena's results write it."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    return str(value)


EXPRESSIONS = [
    "lower(to_hex(md5(to_utf8(name || '|' || coalesce(nothing, '')))))",
    "lower(to_hex(md5(to_utf8(cast(cast(to_unixtime(at) * 1000 AS bigint) AS varchar)))))",
    "to_hex(md5(to_utf8(name)))",
    "cast(to_unixtime(at) * 1000 AS bigint)",
    "extract(week FROM at)",
    "week(at)",
    "day_of_week(day)",
    "extract(dow FROM at)",
    "hour(at)",
    "day(at)",
    "month(at)",
    "year(at)",
    "quarter(day)",
    "day_of_year(at)",
    "cast(at AS date)",
    "date(at)",
    "date_diff('day', TIMESTAMP '2018-11-01 23:00:00', at)",
    "date_diff('hour', TIMESTAMP '2018-11-01 23:00:00', at)",
    "date_diff('second', at, TIMESTAMP '2018-11-01 23:00:00')",
    "date_diff('day', DATE '2018-11-01', DATE '2018-12-03')",
    "date_add('day', 1, DATE '2018-11-30')",
    "DATE '2018-11-30' + INTERVAL '1' DAY",
    "date_trunc('month', DATE '2018-11-30')",
    "cast(date_trunc('week', at) AS date)",
    "day BETWEEN DATE '2018-11-04' AND DATE '2018-11-05'",
    "date_format(at, '%Y-%m-%d')",
    "name IS DISTINCT FROM nothing",
    "nothing IS NOT DISTINCT FROM cast(NULL AS varchar)",
    "coalesce(nothing, name)",
    "nullif(name, 'a')",
    "concat(name, '-', name)",
    "name || nothing",
    "greatest(id, cast(NULL AS integer))",
    "least(id, 2)",
    "if(id > 1, 'many')",
    "CASE id WHEN 1 THEN 'one' ELSE 'other' END",
    "try_cast(name AS bigint)",
    "try_cast('12' AS bigint)",
    "cast('abcdef' AS varchar(3))",
    "regexp_like(name, '^[a-z]')",
    "regexp_extract(name, '_.')",
    "regexp_replace(name, '[_c]', '-')",
    "name LIKE 'b\\_c'",
    "name LIKE 'b_c'",
    "substr(name, 1, 2)",
    "strpos(name, '_')",
    "starts_with(name, 'b')",
    "trim('  x\t')",
    "length(name)",
    "upper(name)",
    "replace(name, '_', '')",
    "id / 2",
    "id % 2",
    "mod(id, 2)",
    "length * 2",
    "abs(-id)",
    "name IN ('a', 'B')",
    "at = TIMESTAMP '2018-11-04 10:11:12.345'",
    "'it''s \\ back'",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_has_the_same_values_on_both(
    athena: Callable[[str], Texts], redshift: Session, expression: str
) -> None:
    sql = f"SELECT id, {expression} AS x FROM {EVENTS} ORDER BY id"

    found = redshift.run(for_redshift(sql))

    assert [tuple(map(shown, row)) for row in found.records()] == athena(sql)


QUERIES = [
    f"SELECT count_if(id > 1), count(*) FILTER (WHERE id > 1) FROM {EVENTS}",
    f"SELECT sum(id) FILTER (WHERE name = 'a'), count(DISTINCT id) FILTER (WHERE id < 3)"
    f" FROM {EVENTS}",
    f"SELECT approx_distinct(name), min(name), max(name), avg(id), avg(length) FROM {EVENTS}",
    f"SELECT nothing FROM {EVENTS} ORDER BY nothing DESC, id",
    f"SELECT id, row_number() OVER (ORDER BY nothing DESC, id) FROM {EVENTS} ORDER BY id",
    f"SELECT id, lag(name) OVER (ORDER BY id), sum(id) OVER (ORDER BY id ROWS BETWEEN"
    f" UNBOUNDED PRECEDING AND CURRENT ROW) FROM {EVENTS} ORDER BY id",
    f"WITH one AS (SELECT id, name FROM {EVENTS} WHERE id < 3), two AS (SELECT 3 AS id)"
    " SELECT one.id, two.id, name FROM one FULL OUTER JOIN two ON one.id = two.id ORDER BY 1, 2",
    "SELECT x, y FROM (VALUES (1, 'a'), (2, 'b')) AS v (x, y) ORDER BY x",
    "SELECT 1 AS x UNION ALL SELECT 1 UNION SELECT 2 ORDER BY x",
    f"SELECT name FROM {EVENTS} WHERE id IN (SELECT 2) OR EXISTS (SELECT 1 WHERE e.id = 3)"
    " ORDER BY name",
    f"SELECT day, count(*) FROM {EVENTS} GROUP BY day HAVING count(*) > 0 ORDER BY day"
    " OFFSET 1 LIMIT 1",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_a_query_has_the_same_rows_on_both(
    athena: Callable[[str], Texts], redshift: Session, sql: str
) -> None:
    found = redshift.run(for_redshift(sql))

    assert [tuple(map(shown, row)) for row in found.records()] == athena(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "CREATE TABLE IF NOT EXISTS t"
            " (a string, b bigint, c timestamp(6), d double, e varchar(5))"
            " LOCATION 's3://b/t/' TBLPROPERTIES ('table_type'='ICEBERG')",
            "CREATE TABLE IF NOT EXISTS t (a VARCHAR(65535), b BIGINT, c TIMESTAMP,"
            " d DOUBLE PRECISION, e VARCHAR(20))",
        ),
        ("DELETE FROM t WHERE day IN (DATE '2018-11-01')",
         "DELETE FROM t WHERE day IN (CAST('2018-11-01' AS DATE))"),
        ("INSERT INTO t (a) SELECT cast(b AS varchar) FROM s",
         "INSERT INTO t (a) SELECT CAST(b AS VARCHAR(65535)) FROM s"),
        ("DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS t"),
        ("SELECT timestamp, level FROM t", 'SELECT "timestamp", level FROM t'),
    ],
)  # fmt: skip
def test_a_statement_becomes_redshifts(sql: str, expected: str) -> None:
    assert for_redshift(sql) == expected


def test_a_merge_from_a_query_goes_through_a_temporary_table(redshift: Session) -> None:
    for sql in ("CREATE TABLE m (id INT, n VARCHAR(9))", "INSERT INTO m VALUES (1, 'old')"):
        redshift.run(sql)

    statements = statements_for_redshift(
        "MERGE INTO m AS t USING (SELECT * FROM (VALUES (1, 'new'), (2, 'more')) AS v (id, n)) AS s"
        " ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n"
        " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)"
    )
    redshift.run_batch(statements)

    rows = list(redshift.run("SELECT id, n FROM m ORDER BY id").records())
    assert rows == [(1, "new"), (2, "more")]
    assert [sqlglot.parse_one(each, read="redshift").key for each in statements] == [
        "create",
        "merge",
        "drop",
    ]


MERGE = "MERGE INTO t USING s ON t.id = s.id"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT max_by(a, b) FROM t", "function max_by: take the row with row_number()"),
        ("SELECT min_by(a, b) FROM t", "function min_by"),
        ("SELECT array_agg(a) FROM t", "function array_agg"),
        ("SELECT json_extract_scalar(a, '$.x') FROM t", "function json_extract_scalar"),
        ("SELECT some_function(a) FROM t", "function some_function"),
        ("SELECT ARRAY[1]", "arrays"),
        ("SELECT a[1] FROM t", "subscripts"),
        ("SELECT x FROM t CROSS JOIN UNNEST(a) AS u (x)", "UNNEST"),
        ("SELECT ROW(1, 2)", "function row"),
        ("SELECT cast(a AS map(varchar, bigint)) FROM t", "type MAP(VARCHAR, BIGINT)"),
        ("CREATE TABLE t (a array(varchar))", "type ARRAY(VARCHAR)"),
        ("SELECT date_diff('month', a, b) FROM t", "date_diff of whole months"),
        ("SELECT substr(a, -2) FROM t", "substr from a start that is no positive number"),
        ("SELECT sum(a) OVER (ORDER BY b) FROM t", "without a frame: write ROWS BETWEEN"),
        ("SELECT sum(a) OVER (ORDER BY b RANGE UNBOUNDED PRECEDING) FROM t",
         "window frame other than ROWS"),
        ("SELECT * FROM a FULL JOIN b ON a.x > b.x", "FULL JOIN on anything but equalities"),
        ("SELECT * FROM a FULL JOIN b ON a.x IS NOT DISTINCT FROM b.x", "FULL JOIN on anything"),
        ("SELECT 1 EXCEPT ALL SELECT 2", "EXCEPT ALL"),
        ('SELECT "$path" FROM t', 'hidden column or table "$path"'),
        ('SELECT * FROM "t$files"', 'hidden column or table "t$files"'),
        ("SELECT * FROM t FOR VERSION AS OF 5", "FOR VERSION AS OF"),
        ("SELECT * FROM t TABLESAMPLE BERNOULLI (5)", "TABLESAMPLE"),
        ("OPTIMIZE t REWRITE DATA USING BIN_PACK", "statement 'OPTIMIZE"),
        (f"{MERGE} WHEN MATCHED AND s.a > 1 THEN DELETE"
         " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)", "WHEN MATCHED AND condition"),
        (f"{MERGE} WHEN MATCHED THEN DELETE", "exactly one WHEN MATCHED and one WHEN NOT"),
        ("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"
         " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)", "MERGE from a query"),
    ],
)  # fmt: skip
def test_what_redshift_lacks_is_refused_by_name(sql: str, name: str) -> None:
    with pytest.raises(UnsupportedByRedshift) as refusal:
        for_redshift(sql)
    assert name in str(refusal.value)


@pytest.mark.parametrize("sql", ["SELECT FROM", "SELECT 1; SELECT 2", ""])
def test_what_is_no_statement_of_athena_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"not Athena's SQL|expected one statement"):
        for_redshift(sql)
