"""Expressions of Redshift: values as its documentation gives them, and refusals by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.local.redshift.engine import RedshiftError

Value = Callable[[str], object]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Numbers
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 % 3", 1),
        ("1.5 + 1", "2.5"),
        ("CAST(10.0 AS DECIMAL(4,1)) / CAST(3 AS DECIMAL(2,0))", "3.3333"),
        ("TRUNC(2.7::FLOAT)", 2.0),
        ("ROUND(2.5::FLOAT)", 3.0),
        ("STRTOL('ff', 16)", 255),
        ("STRTOL('-0x1f', 16)", -31),
        ("GREATEST(1, NULL, 3)", 3),
        # Texts
        ("'a' || 1", "a1"),
        ("'a' || NULL", None),
        ("LEN('abc ')", 4),
        ("MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("SHA2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("SPLIT_PART('a,b', ',', 2)", "b"),
        ("SPLIT_PART('a,b', ',', 3)", ""),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"),
        ("SUBSTRING('abcdef', 0, 3)", "ab"),
        ("CHARINDEX('c', 'abc')", 3),
        ("LEFT('abc', 2) || RIGHT('abc', 1)", "abc"),
        ("BTRIM('xxaxx', 'x')", "a"),
        ("TRIM('  a ')", "a"),
        ("INITCAP('the gREAT gatsby')", "The Great Gatsby"),
        ("REGEXP_SUBSTR('abc123', '[0-9]+')", "123"),
        ("REGEXP_SUBSTR('abc', '[0-9]+')", ""),
        ("REGEXP_REPLACE('a-b', '(a)-(b)', '$2-$1')", "b-a"),
        ("'Abc' ILIKE 'a%'", True),
        ("'a_c' LIKE 'a\\\\_c'", True),
        ("'abc' LIKE 'a\\\\_c'", False),
        ("'abc' ~ '^a.c$'", True),
        ("'abc' !~ 'x'", True),
        # Choices
        ("NVL(NULL, 'a')", "a"),
        ("NVL2(NULL, 1, 2)", 2),
        ("DECODE(2, 1, 'one', 2, 'two')", "two"),
        ("DECODE(NULL, NULL, 'none', 'some')", "none"),
        ("DECODE(3, 1, 'one')", None),
        ("(1 = 1) IS TRUE", True),
        # Casts
        ("'12'::INT", 12),
        ("CONVERT(INT, '12')", 12),
        ("TRY_CAST('x' AS INT)", None),
        ("CAST(1.5::FLOAT AS VARCHAR)", "1.5"),
        ("CAST(2::FLOAT AS VARCHAR)", "2"),
        ("CAST('abcdef' AS VARCHAR(3))", "abc"),
        ("CAST(TIMESTAMP '2018-11-02 01:25:34' AS VARCHAR)", "2018-11-02 01:25:34"),
        ("CAST('a' AS CHAR(3)) || '!'", "a  !"),
        # Dates
        ("DATE '2018-11-30' + 1", "2018-12-01"),
        ("DATE '2018-12-01' - DATE '2018-11-01'", 30),
        ("DATE '2018-12-01' + INTERVAL '1 day'", "2018-12-02 00:00:00"),
        ("DATEADD(month, 1, DATE '2018-01-31')", "2018-02-28 00:00:00"),
        ("ADD_MONTHS(DATE '2018-02-28', 1)", "2018-03-31 00:00:00"),
        ("DATEDIFF(day, '2018-11-01 23:59:00', '2018-11-02 00:01:00')", 1),
        ("DATEDIFF(year, DATE '2018-12-31', DATE '2019-01-01')", 1),
        ("DATE_TRUNC('week', TIMESTAMP '2018-11-04 10:00:00')", "2018-10-29 00:00:00"),
        ("EXTRACT(dow FROM DATE '2018-11-04')", 0),
        ("DATE_PART(week, DATE '2018-12-31')", 1),
        ("EXTRACT(epoch FROM TIMESTAMP '1970-01-02 00:00:00')", 86400),
        ("LAST_DAY(DATE '2018-02-03')", "2018-02-28"),
        ("TO_CHAR(TIMESTAMP '2018-11-02 01:25:34', 'YYYY-MM-DD HH24:MI:SS')",
         "2018-11-02 01:25:34"),
        ("TO_DATE('02/11/2018', 'DD/MM/YYYY')", "2018-11-02"),
        ("TO_TIMESTAMP('2018-11-02', 'YYYY-MM-DD')", "2018-11-02 00:00:00+00"),
        ("GETDATE() >= '2018-01-01'", True),
        ("'2018-11-02' = DATE '2018-11-02'", True),
        ("DATE '2018-11-02' IN ('2018-11-01', '2018-11-02')", True),
    ],
)  # fmt: skip
def test_an_expression_has_redshifts_value(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT AVG(x) FROM (SELECT 1 AS x UNION ALL SELECT 2)", [(1,)]),
        ("SELECT SUM(x) FROM (SELECT 1::BIGINT AS x UNION ALL SELECT 2)", [("3",)]),
        ("SELECT MEDIAN(x) FROM (SELECT 1 AS x UNION ALL SELECT 2)", [(1.5,)]),
        ("SELECT APPROXIMATE COUNT(DISTINCT x) FROM (SELECT 1 AS x UNION ALL SELECT 1)", [(1,)]),
        ("SELECT LISTAGG(x, ',') WITHIN GROUP (ORDER BY x DESC)"
         " FROM (SELECT 'a' AS x UNION ALL SELECT 'b')", [("b,a",)]),
        ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)"
         " FROM (SELECT 1 AS x UNION ALL SELECT 3)", [(2.0,)]),
        ("SELECT x FROM (SELECT 1 AS x UNION ALL SELECT NULL) ORDER BY x", [(1,), (None,)]),
        ("SELECT x FROM (SELECT 1 AS x UNION ALL SELECT NULL) ORDER BY x DESC", [(None,), (1,)]),
        ("SELECT TOP 1 x FROM (SELECT 1 AS x UNION ALL SELECT 2) ORDER BY x DESC", [(2,)]),
        ("SELECT x FROM (SELECT 1 AS x UNION ALL SELECT 2) ORDER BY x LIMIT 1 OFFSET 1", [(2,)]),
        ("SELECT SUM(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING)"
         " FROM (SELECT 1 AS x UNION ALL SELECT 2) ORDER BY 1", [(1,), (3,)]),
    ],
)  # fmt: skip
def test_a_query_has_redshifts_rows(
    rows: Callable[[str], object], query: str, expected: object
) -> None:
    assert rows(query) == expected


def test_a_column_without_a_name_is_named_after_its_function(
    rows: Callable[[str], object],
) -> None:
    assert rows("SELECT count FROM (SELECT count(*) FROM (SELECT 1 AS x))") == [(1,)]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("MAX_BY(1, 2)", "function max_by does not exist"),
        ("JSON_EXTRACT_PATH_TEXT('{}', 'a')",
         "the function json_extract_path_text is not supported by the embedded Redshift"),
        ("ARRAY(1, 2)", "the function array is not supported by the embedded Redshift"),
        ("CAST('1' AS SUPER)", "the type super is not supported by the embedded Redshift"),
        ("TO_CHAR(12, '99')", "to_char of a number is not supported"),
        ("TO_CHAR(GETDATE(), 'MON')", "a name in the format 'MON' is not supported"),
        ("COUNT(*) FILTER (WHERE 1 = 1)", "the expression FILTER is not supported"),
        ("'a' SIMILAR TO 'b'", "the expression SIMILARTO is not supported"),
        ("SHA2('a', 512)", "sha2 of 512 bits is not supported"),
        ("'x'::INT", "Cannot cast 'x' to INT"),
        ("'12.7'::INT", "Cannot cast '12.7' to INT"),
        ("1 / 0", "Divide by zero"),
        ("2147483647 + 1", "Value out of range for 4 bytes."),
        ("9223372036854775807 + 1", "Value out of range for 8 bytes."),
        ("SUM(1) OVER (ORDER BY 1)", "ORDER BY clause require a frame clause"),
        ("DATEADD(fortnight, 1, GETDATE())", '"fortnight" is not a valid date part'),
    ],
)  # fmt: skip
def test_an_expression_is_refused_by_name(value: Value, expression: str, message: str) -> None:
    with pytest.raises(RedshiftError) as failure:
        value(expression)
    assert message in str(failure.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 AS x QUALIFY x = 1", "QUALIFY is not supported"),
        ("SELECT 1 AS x INTO t", "SELECT INTO is not supported"),
        ("EXPLAIN SELECT 1", "EXPLAIN is not supported"),
        ("CALL p()", "CALL is not supported"),
        ("CREATE EXTERNAL SCHEMA s", "CREATE EXTERNAL SCHEMA is not supported"),
        ("CREATE FUNCTION f() RETURNS INT", "CREATE FUNCTION is not supported"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED is not supported"),
        ("DROP FUNCTION f()", "DROP FUNCTION is not supported"),
        ("LOCK t", "LOCK is not supported"),
        ("SET timezone TO 'Europe/Berlin'", "the setting timezone"),
        ("SELECT 1; SELECT 2", "cannot insert multiple commands"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("", "syntax error"),
        ("SELECT FROM WHERE", "syntax error at or near"),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT x FROM (SELECT 1 AS y) q", 'column "x" does not exist'),
    ],
)
def test_a_statement_is_refused_by_name(
    rows: Callable[[str], object], query: str, message: str
) -> None:
    with pytest.raises(RedshiftError) as failure:
        rows(query)
    assert message in str(failure.value)
