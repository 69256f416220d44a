"""The state of an alarm by its periods, and by what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.emulator.alarms import state_of

NOW = 1_000_000.0


def alarm(periods: int, **given: Any) -> dict[str, Any]:
    return {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10,
        "Period": 60,
        "EvaluationPeriods": periods,
        **given,
    }


def judged(of: dict[str, Any], *values: float | None) -> str | None:
    """The state by the value of each period, the latest last."""

    def measured(since: float, until: float) -> float | None:
        seconds: int = of["Period"]
        assert until - since == seconds
        return values[-1 - round((NOW - until) / seconds)]

    return state_of(of, measured, NOW)


@pytest.mark.parametrize(
    ("values", "state"),
    [((11, 12, 13), "ALARM"), ((11, 10, 13), "OK"), ((1, 2, 3), "OK")],
)
def test_every_period_has_to_breach(values: tuple[float, ...], state: str) -> None:
    assert judged(alarm(3), *values) == state


def test_as_many_periods_have_to_breach_as_the_alarm_says() -> None:
    assert judged(alarm(3, DatapointsToAlarm=2), 11, 1, 11) == "ALARM"
    assert judged(alarm(3, DatapointsToAlarm=2), 11, 1, 1) == "OK"


def test_below_the_threshold_is_a_breach_where_the_alarm_says_so() -> None:
    below = alarm(1, ComparisonOperator="LessThanThreshold", Threshold=1)
    assert (judged(below, 0), judged(below, 1)) == ("ALARM", "OK")


@pytest.mark.parametrize(
    ("treat", "values", "state"),
    [
        ("breaching", (None, None), "ALARM"),
        ("breaching", (11, None), "ALARM"),
        ("breaching", (1, None), "OK"),
        ("notBreaching", (None, None), "OK"),
        ("notBreaching", (11, None), "OK"),
        ("ignore", (None, None), None),
        ("ignore", (11, None), None),
        ("ignore", (1, None), "OK"),
        ("missing", (None, None), "INSUFFICIENT_DATA"),
        ("missing", (11, None), "ALARM"),
        ("missing", (1, None), "OK"),
    ],
)
def test_what_is_missing_is_what_the_alarm_says(
    treat: str, values: tuple[float | None, ...], state: str | None
) -> None:
    assert judged(alarm(2, TreatMissingData=treat), *values) == state


def test_a_band_of_anomalies_is_not_judged() -> None:
    band = alarm(1, ComparisonOperator="GreaterThanUpperThreshold")
    assert judged(band, 11) is None
