"""Freshness as a metric: by how much a table is older than its file allows."""

from __future__ import annotations

from lake.dataset.checks import Checks
from lake.metrics import Metrics
from lake.quality.documents import CheckReport
from lake.settings import lake_settings


def measure_freshness(
    checks: Checks, found: CheckReport, *, metrics: Metrics | None = None
) -> None:
    """Publish `HoursOverdue` of a table whose checks of its age ran.

    Args:
        checks: of the table.
        found: what they gave.
        metrics: those of the environment's settings by default; where it has none, nothing is done.
    """
    hours = hours_overdue(checks, found)
    if hours is None:
        return
    metrics = metrics or Metrics.of(lake_settings())
    if metrics is not None:
        metrics.publish(found.table, {"HoursOverdue": hours})


def hours_overdue(checks: Checks, found: CheckReport) -> float | None:
    """The latest value's age less what is allowed, of the check that is worst off.

    Below 0 the table is fresh. None where no check of the whole table's age ran, or one found no
    value at all: such a table is not known to be fresh.
    """
    allowed = {check.title: check.max_age_hours for check in checks.freshness}
    late: list[float] = []
    for result in found.results:
        if result.kind != "freshness" or result.day is not None:
            continue
        if result.measured is None:
            return None
        late.append(result.measured - allowed[result.check])
    return max(late, default=None)
