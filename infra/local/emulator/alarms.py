"""CloudWatch: the state of an alarm, by its periods, its dimensions and what is missing.

It is judged whenever something is measured; no clock runs, so that silence alone changes nothing.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

type Alarm = Mapping[str, Any]
"""As DescribeAlarms has it."""
type Measured = Callable[[float, float], float | None]
"""The statistic of an alarm's metric between two times (the first excluded) in seconds of the
epoch; None without a point."""

_BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


def state_of(alarm: Alarm, measured: Measured, now: float) -> str | None:
    """The state of an alarm at `now`, in seconds of the epoch; None where it keeps the one it has.

    The periods are counted back from now, not from full minutes: a point counts at once.
    """
    breaches = _BREACHES.get(alarm["ComparisonOperator"])
    if breaches is None:  # a band of anomaly detection
        return None
    seconds, periods = alarm["Period"], alarm["EvaluationPeriods"]
    values = [
        measured(now - (number + 1) * seconds, now - number * seconds) for number in range(periods)
    ]
    present = [breaches(value, alarm["Threshold"]) for value in values if value is not None]
    return _state(
        present,
        missing=periods - len(present),
        needed=alarm.get("DatapointsToAlarm") or periods,
        treat=alarm.get("TreatMissingData") or "missing",
    )


def _state(present: list[bool], *, missing: int, needed: int, treat: str) -> str | None:
    """By whether each period that has data breaches, and how many have none."""
    bad = sum(present)
    if treat == "breaching":
        bad += missing
    elif treat == "missing":
        if not present:
            return "INSUFFICIENT_DATA"
        needed = min(needed, len(present))
    elif treat == "ignore" and bad < needed and bad + missing >= needed:
        # What is missing could decide.
        return None
    return "ALARM" if bad >= needed else "OK"
