"""Every statement of the checks is Athena's, and one that Redshift has too."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

from .conftest import Shop

ALL_KINDS = """
nulls: [{column: channel, where: quantity > 0}]
unique: [{columns: [day, id]}, {columns: [id]}]
ranges: [{column: price, at_least: 10}, {column: sold_at, at_least: 2025-01-01}]
accepted_values: [{column: channel, values: [site]}]
patterns: [{column: channel, matches: "[a-z]{3}|[.]"}]
references: [{columns: [channel], table: channels, to: [name]}]
conditions: [{sql: quantity > 1}]
row_counts: [{at_least: 5}]
freshness: [{column: sold_at, max_age_hours: 1}]
totals: [{column: price, table: sales, to_day: day}, {table: channels}]
anomalies:
  - {of: rows}
  - {of: nulls, column: coupon}
  - {of: mean, column: price}
  - {of: deviation, column: weight}
  - {of: distinct, column: channel}
  - {of: share, condition: quantity > 1}
"""


@pytest.fixture
def asked(shop: Shop) -> list[str]:
    """All that a run of checks of every kind asks, but for the table's own DDL."""
    shop.run_sql(
        "CREATE TABLE channels (name string) LOCATION 's3://data/channels/' "
        "TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    shop.sell({})
    before = len(shop.client.asked)
    for _ in range(2):
        report = shop.report(ALL_KINDS)
    statements = shop.client.asked[before:] + [each.query for each in report.results if each.query]
    return [sql for sql in statements if not sql.startswith("CREATE")]


def test_every_statement_has_a_translation(asked: list[str]) -> None:
    assert len(asked) > 20
    for sql in asked:
        [translated] = sqlglot.transpile(
            sql, read="athena", write="redshift", unsupported_level=ErrorLevel.RAISE
        )
        assert sqlglot.parse_one(translated, read="redshift")
        if sql.startswith("INSERT"):
            continue  # its texts are statements
        for foreign in ("FILTER", "MAX_BY", "ARRAY", "REGEXP_LIKE", "TRY("):
            assert foreign not in translated.upper(), translated
