"""The type that an expression is declared to have is the type that DuckDB gives it.

Integer division, decimal scales and result types all rest on the declared types, so that a
difference here is a wrong answer somewhere else.
"""

from __future__ import annotations

import pytest

from infra.local.athena.session import Session
from infra.local.athena.types import duckdb_type

from .conftest import translate
from .test_sql_semantics import ANSWERS

ROWS = """(SELECT CAST(x AS integer) AS i, CAST(2 AS bigint) AS b, CAST(3 AS tinyint) AS t,
    CAST(4 AS smallint) AS s, CAST(1.25 AS decimal(10,2)) AS d, CAST(1.5 AS real) AS r, 2e0 AS f,
    'x' AS v, DATE '2021-06-25' AS dt FROM (VALUES 1, 2) AS v(x))"""

OVER_COLUMNS = [
    "t + t",
    "t * t",
    "t / t",
    "t % t",
    "s + s",
    "i + s",
    "b * i",
    "-t",
    "d * d",
    "d / i",
    "d + b",
    "f + i",
    "r + r",
    "r * d",
    "i / r",
    "abs(t)",
    "mod(d, i)",
    "floor(d)",
    "ceil(r)",
    "round(r, 1)",
    "round(f)",
    "b - d",
    "dt + INTERVAL '1' DAY",
    "sum(t)",
    "sum(i)",
    "sum(d)",
    "sum(r)",
    "sum(f)",
    "avg(i)",
    "avg(d)",
    "avg(r)",
    "count(*)",
    "count(v)",
    "min(d)",
    "max(dt)",
    "max_by(i, d)",
    "array_agg(i)",
    "listagg(v, ',') WITHIN GROUP (ORDER BY v)",
    "approx_distinct(i)",
    "approx_percentile(d, 0.5)",
    "approx_percentile(d, ARRAY[0.1, 0.9])",
    "stddev(i)",
    "count_if(i > 1)",
    "histogram(v)",
    "bool_or(i > 1)",
    "corr(f, i)",
    "arbitrary(v)",
    "sum(i) OVER ()",
    "avg(d) OVER (ORDER BY i)",
    "row_number() OVER (ORDER BY i)",
    "ntile(2) OVER (ORDER BY i)",
    "lag(d, 1, 0.5) OVER (ORDER BY i)",
    "first_value(v) OVER (ORDER BY i)",
    "cume_dist() OVER (ORDER BY i)",
    "map_agg(i, v)",
]


def _assert_types(session: Session, sql: str) -> None:
    query = translate(sql)
    for column in query.columns:
        found = session.rows(f"SELECT typeof({column.value.sql}) FROM ({query.sql})")[0][0]
        declared = duckdb_type(column.value.type).replace("REAL", "FLOAT")
        declared = declared.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
        assert found.replace('"', "") in (declared.replace('"', ""), "NULL")


@pytest.mark.parametrize("expression", [sql for sql, _ in ANSWERS])
def test_expression_has_its_declared_type(session: Session, expression: str) -> None:
    _assert_types(session, f"SELECT {expression}")


@pytest.mark.parametrize("expression", OVER_COLUMNS)
def test_expression_over_columns_has_its_declared_type(session: Session, expression: str) -> None:
    _assert_types(session, f"SELECT {expression} FROM {ROWS}")
