"""Anomalies: a figure beside those of the same weekdays before, by robust statistics.

The modified z-score of B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers", ASQC Basic
References in Quality Control 16 (1993), section 3.3: the distance from the median, in units of
1.4826 times the median absolute deviation, which for a normal distribution is its standard
deviation; more than 3.5 is an outlier. Median and MAD do not move for a few odd days, where a mean
and a standard deviation would. Where more than half of the days are equal the MAD is 0, and 1.2533
times the mean absolute deviation about the median takes its place, as IBM SPSS does
(https://www.ibm.com/docs/en/cognos-analytics/12.0.0?topic=terms-modified-z-score).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import inf
from statistics import fmean, median

from lake.dataset.checks import SHARES, Anomaly
from lake.quality.judge import Verdict, looked_at
from lake.quality.scan import Figures

NORMAL_FROM_MEDIAN_DEVIATION = 1.4826
NORMAL_FROM_MEAN_DEVIATION = 1.2533
LEAST_RELATIVE_CHANGE = 0.1
LEAST_CHANGE_OF_SHARE = 0.05
DAYS_A_WEEK = 7


def judge_anomaly(
    check: Anomaly, figures: Figures, day: date, history: Mapping[date, float]
) -> Verdict:
    """A day's figure beside those of the same weekday.

    Args:
        check: what is watched.
        figures: the day's.
        day: the day.
        history: the figure of earlier days, as it was last measured.
    """
    rows, measured = looked_at(check, figures), figure(check, figures)
    threshold = f"{check.deviations:g} deviations"
    if measured is None:
        message = f"no rows have a {check.of}"
        return Verdict(status="skipped", measured=None, message=message, rows=rows)
    before = same_weekdays(history, day, check.weeks)
    if len(before) < check.history:
        message = f"{len(before)} of {check.history} weekdays of history that it needs"
        return Verdict(
            status="skipped", measured=measured, threshold=threshold, message=message, rows=rows
        )
    center, away = median(before), score(measured, before, least_change=_least(check, before))
    warned = check.warn_deviations is not None and away > check.warn_deviations
    shown = "far" if away == inf else f"{away:.1f} deviations"
    return Verdict(
        status=check.severity if away > check.deviations else "warn" if warned else "ok",
        measured=measured,
        threshold=threshold,
        message=f"{_text(check, measured)}, where the last {len(before)} "
        f"{day:%A}s have a median of {_text(check, center)}: {shown} away",
        rows=rows,
    )


def figure(check: Anomaly, figures: Figures) -> float | None:
    """What is watched, of some rows; None where they have none."""
    found = figures.gathered.get(check.title, {})
    rows = looked_at(check, figures)
    if check.of == "rows":
        return float(rows)
    if check.of in SHARES:
        return int(found.get("part") or 0) / rows if rows else None
    value = found.get("value")
    return None if value is None else float(value)


def same_weekdays(history: Mapping[date, float], day: date, weeks: int) -> list[float]:
    """The figures of the same weekday, of the last weeks that have one."""
    first = max(1, (day - min(history, default=day)).days // DAYS_A_WEEK)
    days = (day - timedelta(days=DAYS_A_WEEK * week) for week in range(1, first + 1))
    return [history[each] for each in days if each in history][:weeks]


def score(value: float, before: Sequence[float], *, least_change: float) -> float:
    """How many deviations a value is from the median of others; 0 for less than `least_change`."""
    center = median(before)
    distance = abs(value - center)
    if distance < least_change or not distance:
        return 0.0
    distances = [abs(each - center) for each in before]
    spread = NORMAL_FROM_MEDIAN_DEVIATION * median(distances)
    spread = spread or NORMAL_FROM_MEAN_DEVIATION * fmean(distances)
    return distance / spread if spread else inf


def _least(check: Anomaly, before: Sequence[float]) -> float:
    if check.of in SHARES:
        return LEAST_CHANGE_OF_SHARE if check.least_change is None else check.least_change
    share = LEAST_RELATIVE_CHANGE if check.least_change is None else check.least_change
    return share * abs(median(before))


def _text(check: Anomaly, value: float) -> str:
    return f"{value:.2%}" if check.of in SHARES else f"{value:,.6g}"
