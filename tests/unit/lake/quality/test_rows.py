"""Checks of rows: each in a table where it fails, where it warns, and where it passes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from .conftest import FRIDAY, SATURDAY, Shop, keys_in

TEN: list[dict[str, Any]] = [{} for _ in range(10)]


def sold(shop: Shop, *special: dict[str, Any]) -> None:
    """Ten sales, of which the first are special."""
    shop.sell(*special, *TEN[len(special) :])


BAD = {
    "nulls: [{column: channel, %s}]": {"channel": None},
    "ranges: [{column: quantity, at_least: 1, at_most: 5, %s}]": {"quantity": 6},
    "ranges: [{column: price, at_least: 0.5, %s}]": {"price": 0.49},
    "ranges: [{column: weight, at_most: 1.5, %s}]": {"weight": 1.51},
    "ranges: [{column: sold_at, at_most: 2024-03-01 23:59:59, %s}]": {
        "sold_at": datetime(2024, 3, 2, tzinfo=UTC)
    },
    "accepted_values: [{column: channel, values: [shop, site], %s}]": {"channel": "o'shop"},
    "accepted_values: [{column: quantity, values: [1, 2], %s}]": {"quantity": 3},
    "patterns: [{column: channel, matches: '[a-z]{4}|[.]', %s}]": {"channel": "shop1"},
    "conditions: [{sql: price * quantity < 100, %s}]": {"quantity": 99},
}


@pytest.mark.parametrize(("check", "bad"), BAD.items(), ids=[each.split("%")[0] for each in BAD])
def test_a_share_of_rows_that_fail_is_judged_by_the_limits(
    shop: Shop, check: str, bad: dict[str, Any]
) -> None:
    sold(shop, bad, bad)

    variants = {
        "passing": "allowed: 0.2",
        "warning early": "allowed: 0.5, warn_above: 0.1",
        "warning": "severity: warn, allowed: 0.1",
        "failing": "allowed: 0.1",
    }
    kind, _, rest = check.partition(": [")
    listed = ", ".join(
        rest.removesuffix("]") % f"name: {name}, {limits}" for name, limits in variants.items()
    )
    found = {each.check: each for each in shop.report(f"{kind}: [{listed}]").results}

    assert {name: each.status for name, each in found.items()} == {
        "passing": "ok",
        "warning early": "warn",
        "warning": "warn",
        "failing": "fail",
    }
    passing, failing = found["passing"], found["failing"]
    assert failing.measured == 0.2
    assert (failing.rows, failing.failing_rows) == (10, 2)
    assert failing.day == FRIDAY
    assert failing.message == "2 of 10 rows (20.00%) fail it"
    assert passing.sample == passing.query == ""
    assert keys_in(failing) == ["1", "2"]
    assert [row["id"] for row in shop.rows(failing.query)] == ["1", "2"]


def test_null_is_for_nulls_to_find(shop: Shop) -> None:
    sold(shop, *[{"weight": None}] * 10)

    assert set(
        shop.statuses("""
        ranges: [{column: weight, at_least: 5}]
        accepted_values: [{column: weight, values: [5]}]
        patterns: [{column: coupon, matches: x}]
        conditions: [{sql: weight > 5}]
    """).values()
    ) == {"ok"}


def test_rows_are_unique_by_some_columns_null_being_one_value(shop: Shop) -> None:
    sold(shop, *[{"coupon": "a"}] * 2, *[{"coupon": None}] * 8)

    found = {
        each.check: each
        for each in shop.report("""
      unique:
        - {}
        - {name: all, columns: [day, coupon]}
        - {name: some, columns: [day, coupon], where: coupon IS NOT NULL, severity: warn}
        - {name: most, columns: [day, coupon], allowed: 0.9}
        - {name: early, columns: [day, coupon], allowed: 0.99, warn_above: 0.9, where: id > 2}
    """).results
    }

    failing = found["all"]
    assert {name: each.status for name, each in found.items()} == {
        "unique(keys)": "ok", "all": "fail", "some": "warn", "most": "fail", "early": "fail",
    }  # fmt: skip
    assert (failing.rows, failing.failing_rows) == (10, 10)
    assert (found["some"].rows, found["some"].failing_rows) == (2, 2)
    assert (found["early"].rows, found["early"].failing_rows) == (8, 8)
    assert len(shop.rows(failing.query)) == 10


def test_what_has_to_be_unique_beyond_the_day_is_looked_for_in_the_table(shop: Shop) -> None:
    shop.sell({"id": 1, "day": FRIDAY}, {"id": 1, "day": SATURDAY}, {"id": 2, "day": SATURDAY})

    found = shop.result("unique: [{columns: [id]}]", days=[SATURDAY])

    assert (found.status, found.day, found.failing_rows) == ("fail", None, 2)
    assert shop.status("unique: [{columns: [id], over: days}]", days=[SATURDAY]) == "ok"


def test_a_reference_is_to_a_row_of_another_table(shop: Shop) -> None:
    shop.run_sql(
        "CREATE TABLE channels (name string, since date) LOCATION 's3://data/channels/' "
        "TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    shop.run_sql("INSERT INTO channels VALUES ('shop', NULL), ('shop', NULL), ('site', NULL)")
    sold(shop, {"channel": "app"}, {"channel": None}, {"channel": "site"})
    check = "{columns: [channel], table: channels, to: [name], name: "

    found = {
        each.check: each
        for each in shop.report(f"""
      references:
        - {check} failing}}
        - {check} warning, allowed: 0.2, warn_above: 0.05}}
        - {check} passing, where: channel <> 'app'}}
    """).results
    }

    assert {name: each.status for name, each in found.items()} == {
        "failing": "fail", "warning": "warn", "passing": "ok",
    }  # fmt: skip
    failing = found["failing"]

    assert (failing.status, failing.rows, failing.failing_rows) == ("fail", 10, 1)
    assert keys_in(failing) == ["1"]
    assert [row["channel"] for row in shop.rows(failing.query)] == ["app"]


def test_a_condition_limits_the_rows_that_are_looked_at(shop: Shop) -> None:
    sold(shop, {"channel": "app", "quantity": 99}, {"channel": "app"})

    found = shop.result("ranges: [{column: quantity, at_most: 9, where: channel = 'app'}]")

    assert (found.rows, found.failing_rows, found.measured) == (2, 1, 0.5)


def test_a_pattern_is_for_the_whole_text_line_ends_too(shop: Shop) -> None:
    sold(shop, {"channel": "shop\n"})

    assert shop.result("patterns: [{column: channel, matches: shop}]").failing_rows == 1


def test_each_day_is_judged_by_itself(shop: Shop) -> None:
    shop.sell({"day": FRIDAY, "quantity": 9}, {"day": SATURDAY}, {"day": SATURDAY})

    found = shop.report(
        "ranges: [{column: quantity, at_most: 1}]", days=[SATURDAY, FRIDAY, date(2024, 3, 3)]
    )

    assert [(str(each.day), each.status, each.rows) for each in found.results] == [
        ("2024-03-01", "fail", 1),
        ("2024-03-02", "ok", 2),
        ("2024-03-03", "ok", 0),
    ]
    assert [row["id"] for row in shop.rows(found.results[0].query)] == ["1"]


def test_many_checks_are_one_scan_of_the_table(shop: Shop) -> None:
    sold(shop)
    before = len(shop.client.asked)

    report = shop.report("""
      nulls: [{column: channel}, {column: quantity}]
      unique: [{columns: [day, id]}]
      ranges: [{column: quantity, at_least: 1}]
      patterns: [{column: channel, matches: shop}]
      conditions: [{sql: quantity < 5}]
      row_counts: [{at_least: 1}]
    """)

    assert {result.status for result in report.results} == {"ok"}
    asked = [sql for sql in shop.client.asked[before:] if '"sales"' in sql]
    assert len(asked) == 1, asked


def test_a_table_without_a_day_is_judged_whole(shop: Shop) -> None:
    shop.sell({"day": FRIDAY, "quantity": 9}, {"day": SATURDAY})
    shop.day = None

    found = shop.result("ranges: [{column: quantity, at_most: 1}]", days=None)

    assert (found.day, found.rows, found.failing_rows) == (None, 2, 1)
    assert keys_in(found) == ["1"]


def test_without_a_day_of_its_own_a_run_looks_at_the_table_alone(shop: Shop) -> None:
    sold(shop)

    report = shop.report("nulls: [{column: channel}, {column: price, over: table}]", days=[])

    assert [each.check for each in report.results] == ["nulls(price)"]


def test_a_run_of_the_whole_table_judges_every_day_there_is(shop: Shop) -> None:
    shop.sell({"day": FRIDAY}, {"day": SATURDAY})

    report = shop.report("nulls: [{column: channel}]", days=None)

    assert [each.day for each in report.results] == [FRIDAY, SATURDAY]
