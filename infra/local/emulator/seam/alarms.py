"""ministack's CloudWatch: what is measured, and how the state of an alarm follows from it.

ministack looks at all points of a metric's name together, of whatever dimensions and period.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from infra.local.emulator.alarms import Alarm, Measured
from infra.local.emulator.seam import notifications

_cloudwatch: Any = import_module("ministack.services.cloudwatch")

type Judge = Callable[[Alarm, Measured, float], str | None]
"""The state of an alarm at a time; None where it stays as it is."""


def judge_alarms(judge: Judge) -> None:
    """Let `judge` say what state an alarm of a metric is in, once there was a point of it."""

    def evaluate(alarm: dict[str, Any]) -> None:
        points = _points(alarm)
        if not points:
            return
        state = judge(alarm, lambda since, until: _value(alarm, points, since, until), time.time())
        if state is not None and state != alarm["StateValue"]:
            _change(alarm, state)

    _cloudwatch._evaluate_alarm = evaluate


def _points(alarm: Alarm) -> list[Any]:
    dimensions = _cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    key = (alarm.get("Namespace"), alarm.get("MetricName"), _cloudwatch._dims_key(dimensions))
    return list(_cloudwatch._metrics.get(key) or [])


def _value(alarm: Alarm, points: list[Any], since: float, until: float) -> float | None:
    chosen = [point for point in points if since < point["Timestamp"] <= until]
    if not chosen:
        return None
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = _cloudwatch._stat_value(_cloudwatch._calc_stats(chosen), statistic, chosen)
    return None if value is None else float(value)


def _change(alarm: dict[str, Any], state: str) -> None:
    before = alarm["StateValue"]
    reason = f"{alarm['MetricName']} is compared with the threshold {alarm['Threshold']}"
    alarm["StateValue"] = state
    alarm["StateReason"] = reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    _cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    _cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    notifications.note_told(alarm["AlarmName"])
    _cloudwatch._evaluate_parent_alarms(alarm)
