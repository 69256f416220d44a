"""What a run by hand can be told: the form checks it, and the run before it does anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError
from lake.parameters import backfill_parameters, backfill_selection, load_parameters
from lake.pipeline.selection import OfArchive, OfDays, Replay, Selection


def validated(parameters: dict[str, Param], **chosen: Any) -> dict[str, Any]:
    """As Airflow does when a run is triggered."""
    params = ParamsDict(dict(parameters))
    params.update(chosen)
    return dict(params.validate())


@pytest.mark.parametrize("parameters", [load_parameters(), backfill_parameters()])
def test_each_has_a_title_and_says_what_it_is_for(parameters: dict[str, Param]) -> None:
    for name, param in parameters.items():
        assert param.schema["title"], name
        assert param.description, name
    assert validated(parameters)


@pytest.mark.parametrize(
    "chosen",
    [
        {"prefix": "/market/quotes/"},
        {"prefix": 2024},
        {"prefix": "x" * 513},
        {"pattern": ""},
        {"list_only": "yes"},
    ],
)
def test_a_load_refuses_what_no_file_could_be_called(chosen: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        validated(load_parameters(), **chosen)


def test_a_load_takes_a_prefix_a_pattern_and_a_listing_alone() -> None:
    chosen = {"prefix": "2024/", "pattern": "*_D*.TXT", "list_only": True}
    assert validated(load_parameters(), **chosen) == chosen


@pytest.mark.parametrize(
    "chosen",
    [
        {"from_day": "2024-13-01"},
        {"from_day": "01/02/2024"},
        {"to_day": 20240102},
        {"prefix": "/2024"},
        {"pattern": ""},
        {"replay_key": "market/quotes/a.TXT"},
    ],
)
def test_a_backfill_refuses_what_is_no_day_and_no_order(chosen: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        validated(backfill_parameters(), **chosen)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, OfArchive("", "*")),
        ({"prefix": "2024/", "pattern": "*.TXT"}, OfArchive("2024/", "*.TXT")),
        ({"replay_key": "_replays/market/quotes/1.json"}, Replay("_replays/market/quotes/1.json")),
        ({"from_day": "2024-01-02"}, OfDays(date(2024, 1, 2), date(2024, 1, 2))),
        (
            {"from_day": "2024-01-02", "to_day": "2024-01-31"},
            OfDays(date(2024, 1, 2), date(2024, 1, 31)),
        ),
    ],
)
def test_a_backfill_is_about_days_or_the_archive_or_an_order(
    chosen: dict[str, Any], expected: Selection
) -> None:
    assert backfill_selection(validated(backfill_parameters(), **chosen)) == expected


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            {"from_day": "2024-01-31", "to_day": "2024-01-02"},
            "from_day 2024-01-31 is after to_day 2024-01-02; expected the earlier day first",
        ),
        ({"to_day": "2024-01-02"}, "to_day 2024-01-02 needs from_day"),
        ({"from_day": "2024-01-02", "prefix": "2024/"}, "give days, or a prefix"),
        ({"from_day": "2024-01-02", "pattern": "*.TXT"}, "give days, or a prefix"),
        ({"prefix": "2024/", "replay_key": "_replays/a"}, "give days, or a prefix"),
    ],
)
def test_a_backfill_refuses_what_contradicts_itself(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backfill_selection(validated(backfill_parameters(), **chosen))
