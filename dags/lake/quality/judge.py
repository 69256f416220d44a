"""The judgement: what the figures of a day, or of the table, mean for a check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from lake.dataset.check import Check, RowCheck
from lake.dataset.check_figures import Freshness, RowCount, Total
from lake.quality.documents import Status
from lake.quality.scan import Figures


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a check."""

    status: Status
    measured: float | None
    threshold: str = ""
    message: str = ""
    rows: int | None = None
    failing_rows: int | None = None


def judge_rows(check: RowCheck, figures: Figures) -> Verdict:
    """A check of rows by the share of those that fail it."""
    rows, failing = looked_at(check, figures), figures.failing.get(check.title, 0)
    share = failing / rows if rows else 0.0
    return Verdict(
        status=_status(check, failed=share > check.allowed, warned=_above(share, check.warn_above)),
        measured=share,
        threshold=_limits(("at most", check.allowed), ("warns above", check.warn_above)),
        message=f"{failing:,} of {rows:,} rows ({share:.2%}) fail it",
        rows=rows,
        failing_rows=failing,
    )


def judge_count(check: RowCount, figures: Figures) -> Verdict:
    """How many rows there are."""
    rows = looked_at(check, figures)
    failed = _above(rows, check.at_most) or _below(rows, check.at_least)
    warned = _above(rows, check.warn_above) or _below(rows, check.warn_below)
    limits = _limits(
        ("at least", check.at_least),
        ("warns below", check.warn_below),
        ("warns above", check.warn_above),
        ("at most", check.at_most),
    )
    return Verdict(
        status=_status(check, failed=failed, warned=warned),
        measured=rows,
        threshold=limits,
        message=f"{rows:,} rows; {limits}",
        rows=rows,
    )


def judge_age(check: Freshness, figures: Figures, now: datetime) -> Verdict:
    """How old the latest value is."""
    text = figures.gathered.get(check.title, {}).get("latest")
    limits = _limits(("at most", check.max_age_hours), ("warns above", check.warn_age_hours))
    if text is None:
        message = f"there is no {check.column} at all"
        status = _status(check, failed=True, warned=False)
        return Verdict(status=status, measured=None, threshold=limits, message=message)
    hours = (now - _moment(text)).total_seconds() / 3600
    return Verdict(
        status=_status(
            check, failed=hours > check.max_age_hours, warned=_above(hours, check.warn_age_hours)
        ),
        measured=round(hours, 3),
        threshold=f"{limits} hours",
        message=f"the latest {check.column}, {text}, is {hours:,.1f} hours old; {limits} hours",
    )


def judge_total(check: Total, figures: Figures, other: float) -> Verdict:
    """The difference of two totals, as a share of the other table's."""
    own = float(figures.gathered.get(check.title, {}).get("total") or 0)
    difference = abs(own - other)
    share = difference / abs(other) if other else float(bool(difference))
    what = f"the sum of {check.column}" if check.column else "rows"
    return Verdict(
        status=_status(
            check, failed=share > check.tolerance, warned=_above(share, check.warn_tolerance)
        ),
        measured=share,
        threshold=_limits(("at most", check.tolerance), ("warns above", check.warn_tolerance)),
        message=f"{what}: {own:,.10g} here, {other:,.10g} in {check.table}; "
        f"they differ by {difference:,.10g} ({share:.3%})",
        rows=figures.rows,
    )


def looked_at(check: Check, figures: Figures) -> int:
    """How many rows a check looked at: those that meet its condition, or all."""
    found = figures.gathered.get(check.title, {})
    return int(found["rows"] or 0) if "rows" in found else figures.rows


def _status(check: Check, *, failed: bool, warned: bool) -> Status:
    return check.severity if failed else "warn" if warned else "ok"


def _above(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit


def _below(value: float, limit: float | None) -> bool:
    return limit is not None and value < limit


def _limits(*limits: tuple[str, float | None]) -> str:
    """`at least 1, warns below 100`."""
    return ", ".join(f"{word} {limit:,.10g}" for word, limit in limits if limit is not None)


def _moment(text: str) -> datetime:
    """A date, to its end, or a timestamp, as an engine writes it, in UTC."""
    if len(text) == len("2024-01-01"):
        return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC)) + timedelta(days=1)
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
