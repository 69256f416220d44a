"""By how much a table is older than its file allows, as a metric."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from lake.dataset.checks import Checks
from lake.metrics import Metrics
from lake.quality.documents import CheckReport, CheckResult
from lake.quality.freshness import hours_overdue, measure_freshness

CHECKS = Checks.model_validate(
    {
        "freshness": [
            {"column": "sold_at", "max_age_hours": 36},
            {"name": "of the app", "column": "sold_at", "max_age_hours": 2},
        ]
    }
)


def result(check: str, measured: float | None, **more: Any) -> CheckResult:
    given: dict[str, Any] = {"kind": "freshness", "severity": "fail", "status": "ok", **more}
    return CheckResult(check=check, measured=measured, **given)


def report(*results: CheckResult) -> CheckReport:
    return CheckReport(
        table="retail_orders",
        owner="retail",
        run_id="run-1",
        checked_at=datetime(2024, 3, 2, tzinfo=UTC),
        results=results,
        open=(),
    )


@pytest.mark.parametrize(
    ("results", "hours"),
    [
        ([result("freshness(sold_at)", 30.0)], -6.0),
        ([result("freshness(sold_at)", 40.5)], 4.5),
        ([result("freshness(sold_at)", 30.0), result("of the app", 5.0)], 3.0),
        ([result("freshness(sold_at)", 30.0), result("of the app", None)], None),
        ([result("freshness(sold_at)", 99.0, day=date(2024, 3, 1))], None),
        ([result("row_count", 99.0, kind="row_counts")], None),
        ([], None),
    ],
)
def test_the_check_that_is_worst_off_counts(
    results: list[CheckResult], hours: float | None
) -> None:
    assert hours_overdue(CHECKS, report(*results)) == hours


def test_it_is_published_for_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(Metrics, "publish", lambda _, *given: told.append(given))
    metrics = Metrics(namespace="MwaaLake", environment="lake-test")
    measure_freshness(CHECKS, report(result("of the app", 1.5)), metrics=metrics)
    measure_freshness(CHECKS, report(), metrics=metrics)
    assert told == [("retail_orders", {"HoursOverdue": -0.5})]
