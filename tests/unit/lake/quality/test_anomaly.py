"""Anomalies: a figure beside the same weekdays before."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf
from typing import Any

import pytest
from lake.dataset.checks import Anomaly
from lake.quality.anomaly import judge_anomaly, same_weekdays, score
from lake.quality.scan import Figures

from .conftest import FRIDAY, Shop


def anomaly(**keys: Any) -> Anomaly:
    return Anomaly.model_validate({"of": "rows", **keys})


def weekly(*figures: float, until: date = FRIDAY) -> dict[date, float]:
    """The figures of the weeks before a day, the last one last."""
    return {
        until - timedelta(weeks=weeks): figure for weeks, figure in enumerate(reversed(figures), 1)
    }


def judged(rows: int, history: dict[date, float], **keys: Any) -> str:
    return judge_anomaly(anomaly(**keys), Figures(rows=rows), FRIDAY, history).status


STEADY = weekly(1000, 1020, 980, 1010, 990, 1005, 995, 1000)


def test_a_figure_far_from_the_median_is_an_anomaly() -> None:
    assert judged(1010, STEADY) == "ok"
    assert judged(400, STEADY) == "warn"
    assert judged(2000, STEADY) == "warn"
    assert judged(400, STEADY, severity="fail") == "fail"


def test_there_may_be_a_limit_for_each_severity() -> None:
    limits = {"severity": "fail", "deviations": 20, "warn_deviations": 5}
    assert judged(1200, STEADY, **limits) == "warn", "13 deviations away"
    assert judged(1500, STEADY, **limits) == "fail"


def test_a_change_that_is_small_is_none_however_steady_the_history() -> None:
    always = weekly(*[1000] * 8)
    assert judged(1099, always) == "ok"
    assert judged(1101, always) == "warn"
    assert judged(1099, always, least_change=0.05) == "warn"


def test_without_enough_history_it_says_nothing_and_is_measured_all_the_same() -> None:
    verdict = judge_anomaly(anomaly(), Figures(rows=5), FRIDAY, weekly(1000, 1000, 1000))

    assert (verdict.status, verdict.measured) == ("skipped", 5)
    assert verdict.message == "3 of 4 weekdays of history that it needs"


def test_other_weekdays_are_not_looked_at() -> None:
    """A shop that sells tenfold on Saturdays."""
    saturdays = weekly(*[10_000] * 8, until=FRIDAY + timedelta(days=1))
    assert judged(1000, STEADY | saturdays) == "ok"
    assert judged(10_000, STEADY | saturdays) == "warn"


def test_the_last_weeks_count_and_holidays_are_stepped_over() -> None:
    history = weekly(1, 2, 3, 4, 5, 6)
    del history[FRIDAY - timedelta(weeks=2)]

    assert same_weekdays(history, FRIDAY, 3) == [6, 4, 3]
    assert same_weekdays({}, FRIDAY, 3) == []


def test_a_few_odd_days_do_not_hide_the_next() -> None:
    odd = weekly(1000, 1010, 990, 5000, 1005, 0, 995, 1000)
    assert judged(5000, odd) == "warn"
    assert judged(1000, odd) == "ok"


@pytest.mark.parametrize(
    ("value", "before", "expected"),
    [
        (10, [1, 2, 3, 4, 5], 7 / 1.4826),
        (3, [1, 2, 3, 4, 5], 0),
        (4, [2, 2, 2, 2, 6], 2 / (1.2533 * 0.8)),
        (3, [2, 2, 2], inf),
        (2, [2, 2, 2], 0),
    ],
)
def test_the_score_is_the_modified_one(value: float, before: list[float], expected: float) -> None:
    assert score(value, before, least_change=0) == pytest.approx(expected)


FIGURES = """
anomalies:
  - {of: rows}
  - {of: nulls, column: coupon}
  - {of: mean, column: weight}
  - {of: deviation, column: quantity}
  - {of: distinct, column: channel}
  - {of: share, condition: channel = 'app'}
  - {name: app, of: mean, column: price, where: channel = 'app', severity: fail}
"""


def test_what_is_watched_is_gathered_in_the_scan_and_kept_as_history(shop: Shop) -> None:
    weeks = [FRIDAY - timedelta(weeks=n) for n in range(5, 0, -1)]
    usual: list[dict[str, Any]] = [
        {"channel": "shop", "coupon": "x"},
        {"channel": "app", "coupon": "y", "quantity": 3},
    ]
    shop.sell(*({**each, "day": day} for day in weeks for each in usual * 2))
    shop.sell(*({"day": FRIDAY, "channel": "app", "weight": 4.0, "price": 20.0} for _ in range(30)))

    bootstrapped = shop.report(FIGURES, days=weeks)
    assert [each.status for each in bootstrapped.results[:5]] == ["skipped"] * 4 + ["ok"]
    found = {each.check: each for each in shop.report(FIGURES, run_id="run-2").results}

    assert {name: (each.status, each.measured) for name, each in found.items()} == {
        "anomaly(rows)": ("warn", 30),
        "anomaly(nulls coupon)": ("warn", 1.0),
        "anomaly(mean weight)": ("warn", 4.0),
        "anomaly(deviation quantity)": ("warn", 0.0),
        "anomaly(distinct channel)": ("warn", 1.0),
        "anomaly(share channel = 'app')": ("warn", 1.0),
        "app": ("fail", 20.0),
    }
    assert found["anomaly(nulls coupon)"].message == (
        "100.00%, where the last 5 Fridays have a median of 0.00%: far away"
    )


def test_a_table_without_a_day_is_compared_with_its_earlier_runs(shop: Shop) -> None:
    from .conftest import NOW

    shop.day = None
    shop.sell({}, {})
    for week in range(4, 0, -1):
        moment = NOW - timedelta(weeks=week)
        shop.report("anomalies: [{of: rows}]", days=None, run_id=f"run{week}", now=moment)
    assert shop.status("anomalies: [{of: rows}]", days=None) == "ok"

    shop.sell({}, {})
    assert shop.status("anomalies: [{of: rows}]", days=None, run_id="last") == "warn"
