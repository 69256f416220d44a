"""Row counts, freshness, totals, the source and the schema: failing, warning, passing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from lake.quality.documents import Loaded

from .conftest import FRIDAY, SATURDAY, Shop


def test_rows_are_counted_by_day_or_in_the_table(shop: Shop) -> None:
    shop.sell({"day": FRIDAY}, {"day": SATURDAY}, {"day": SATURDAY, "channel": "app"})

    report = shop.report(
        """
        row_counts:
          - {name: few, at_least: 2}
          - {name: early, at_least: 1, warn_below: 2}
          - {name: many, at_most: 0, severity: warn}
          - {name: late, at_most: 9, warn_above: 1}
          - {name: in the table, at_least: 3, at_most: 3, over: table}
          - {name: by app, at_most: 1, where: channel = 'app'}
        """,
        days=[FRIDAY, SATURDAY],
    )

    found = {(each.check, str(each.day)): each for each in report.results}
    assert {key: each.status for key, each in found.items()} == {
        ("few", "2024-03-01"): "fail", ("few", "2024-03-02"): "ok",
        ("early", "2024-03-01"): "warn", ("early", "2024-03-02"): "ok",
        ("many", "2024-03-01"): "warn", ("many", "2024-03-02"): "warn",
        ("late", "2024-03-01"): "ok", ("late", "2024-03-02"): "warn",
        ("by app", "2024-03-01"): "ok", ("by app", "2024-03-02"): "ok",
        ("in the table", "None"): "ok",
    }  # fmt: skip
    assert found["few", "2024-03-01"].message == "1 rows; at least 2"
    assert found["by app", "2024-03-02"].measured == 1


def test_a_day_without_rows_has_too_few(shop: Shop) -> None:
    shop.sell({"day": FRIDAY})

    assert shop.status("row_counts: [{at_least: 1}]", days=[SATURDAY]) == "fail"


def test_the_latest_value_has_an_age(shop: Shop) -> None:
    """At noon of Saturday: Friday ended 12 hours ago, the latest sale was 26 hours ago."""
    shop.sell(
        {"day": FRIDAY}, {"day": date(2024, 1, 1), "sold_at": datetime(2024, 1, 1, tzinfo=UTC)}
    )

    report = shop.report(
        """
        freshness:
          - {name: old, column: sold_at, max_age_hours: 25.9}
          - {name: a warning, column: sold_at, max_age_hours: 25.9, severity: warn}
          - {name: early, column: sold_at, max_age_hours: 48, warn_age_hours: 24}
          - {name: young, column: sold_at, max_age_hours: 26.1}
          - {name: the day, column: day, max_age_hours: 12}
          - {name: of nobody, column: day, max_age_hours: 12, where: channel = 'x'}
        """,
        days=[date(2024, 1, 1)],
    )

    found = {each.check: each for each in report.results}
    assert {name: each.status for name, each in found.items()} == {
        "old": "fail", "a warning": "warn", "early": "warn", "young": "ok", "the day": "ok",
        "of nobody": "fail",
    }  # fmt: skip
    assert found["old"].measured == 26
    assert found["old"].message == (
        "the latest sold_at, 2024-03-01 10:00:00.000000, is 26.0 hours old; at most 25.9 hours"
    )
    assert found["of nobody"].message == "there is no day at all"


def test_a_total_is_that_of_another_table(shop: Shop) -> None:
    shop.run_sql(
        "CREATE TABLE invoices (on_day date, total decimal(9,2), kind string) "
        "LOCATION 's3://data/invoices/' TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    shop.run_sql(
        "INSERT INTO invoices VALUES (DATE '2024-03-01', DECIMAL '20.00', 'a'), "
        "(DATE '2024-03-02', DECIMAL '9.50', 'a'), (DATE '2024-03-02', DECIMAL '1.00', 'b')"
    )
    shop.sell({"day": FRIDAY}, {"day": FRIDAY}, {"day": SATURDAY})

    report = shop.report(
        """
        totals:
          - {name: days, column: price, table: invoices, to: total, to_day: on_day}
          - {name: early, column: price, table: invoices, to: total, to_day: on_day,
             tolerance: 0.06, warn_tolerance: 0.01}
          - {name: some, column: price, table: invoices, to: total, to_day: on_day,
             to_where: kind = 'a', severity: warn}
          - {name: rows, table: invoices}
        """,
        days=[FRIDAY, SATURDAY],
    )

    found = {(each.check, str(each.day)): each for each in report.results}
    assert {key: each.status for key, each in found.items()} == {
        ("days", "2024-03-01"): "fail", ("days", "2024-03-02"): "fail",
        ("early", "2024-03-01"): "warn", ("early", "2024-03-02"): "fail",
        ("some", "2024-03-01"): "warn", ("some", "2024-03-02"): "ok",
        ("rows", "None"): "ok",
    }  # fmt: skip
    assert found["days", "2024-03-01"].message == (
        "the sum of price: 19 here, 20 in invoices; they differ by 1 (5.000%)"
    )


def ledger(shop: Shop) -> None:
    """Two files of a run with two rows and one, and a file of another run."""
    shop.run_sql(
        "CREATE TABLE lake_files (run_id string, data_set string, key string, state string, "
        "rows bigint) LOCATION 's3://data/lake_files/' TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    shop.run_sql(
        "INSERT INTO lake_files VALUES ('r1', 'shop/sales', 'a', 'loaded', 2), "
        "('r1', 'shop/sales', 'b', 'loaded', 1), ('r1', 'shop/sales', 'c', 'refused', 5), "
        "('r0', 'shop/sales', 'c', 'loaded', 1)"
    )
    shop.run_sql("ALTER TABLE sales ADD COLUMNS (source_key string)")
    shop.columns["source_key"] = "string"


def test_the_table_has_the_rows_that_the_ledger_says_were_loaded(shop: Shop) -> None:
    ledger(shop)
    shop.run_sql(
        "INSERT INTO sales (id, day, source_key) VALUES (1, DATE '2024-03-01', 'a'), "
        "(2, DATE '2024-03-01', 'a'), (3, DATE '2024-03-01', 'b'), (4, DATE '2024-03-01', 'c')"
    )
    loaded = Loaded(data_set="shop/sales", run_id="r1", rows=3)

    assert shop.status("source: {}", loaded=loaded) == "ok"

    shop.run_sql("DELETE FROM sales WHERE id = 2")
    failing = shop.result("source: {}", loaded=loaded)
    assert failing.status == "fail"
    assert failing.message == "3 rows of 2 files were loaded, the table has 2 of them"
    assert shop.rows(failing.query) == [{"key": "a", "loaded_rows": "2", "table_rows": "1"}]
    assert shop.status("source: {severity: warn}", loaded=loaded) == "warn"
    changed = replace(loaded, is_current=lambda: False)
    assert shop.status("source: {}", loaded=changed) == "skipped", "another run was faster"


def test_rows_that_another_run_replaced_are_not_looked_for(shop: Shop) -> None:
    loaded = Loaded(data_set="shop/sales", run_id="r1", rows=None)

    assert shop.status("source: {}", loaded=loaded) == "skipped"
    assert shop.report("source: {}").results == (), "this run loads no files"


def test_the_table_has_the_columns_of_its_file(shop: Shop) -> None:
    assert shop.status("schema_drift: {}") == "ok"

    shop.run_sql("ALTER TABLE sales ADD COLUMNS (debug string)")
    shop.columns |= {"lost": "int", "coupon": "int"}
    warning = shop.result("schema_drift: {}")

    assert warning.status == "warn"
    assert warning.message == (
        "the column debug is not declared; the table has no column lost; "
        "coupon is a string, not a int"
    )
    assert shop.status("schema_drift: {severity: fail}") == "fail"
    assert shop.status("schema_drift: {ignore: [debug, lost, coupon]}") == "ok"


def test_fields_that_no_column_reads_are_drift(shop: Shop) -> None:
    loaded = Loaded(data_set="s/s", run_id="r", rows=0, unknown_fields={"page.ab_test": 12})

    assert shop.result("schema_drift: {}", loaded=loaded).message == (
        "no column reads the field page.ab_test, which 12 of the records looked at have"
    )
    assert shop.status("schema_drift: {ignore: [page.ab_test]}", loaded=loaded) == "ok"
