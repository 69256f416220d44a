"""What a run by hand can be told: Airflow's form shows it, and checks it before the run begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

if TYPE_CHECKING:
    from lake.pipeline.selection import Selection

_BELOW = r"^([^/].*)?$"
"""A key's beginning below a folder: it does not start with a slash."""


def load_parameters() -> dict[str, Param]:
    """Of a load: which of the landed files."""
    return {
        "prefix": Param(
            "",
            type="string",
            pattern=_BELOW,
            maxLength=512,
            title="Prefix",
            description="Only files whose keys begin so, below the data set's folder; empty: all",
        ),
        "pattern": Param(
            "*",
            type="string",
            minLength=1,
            maxLength=256,
            title="Pattern",
            description="Shell pattern of the rest of their keys",
        ),
        "list_only": Param(
            False,
            type="boolean",
            title="Only list the files",
            description="Load nothing: the log of `plan` names the files that a run would load",
        ),
    }


def day_parameters(first: str) -> dict[str, Param]:
    """Of a run over days: the first, which `first` describes, and the last."""
    day: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
    last = "The last day; empty: the first one alone"
    return {
        "from_day": Param(None, title="From", description=first, **day),
        "to_day": Param(None, title="To", description=last, **day),
    }


def backfill_parameters() -> dict[str, Param]:
    """Of a backfill: files of some days, or of the archive, or records of the quarantine."""
    return {
        **day_parameters("The first day whose files are loaded again, in one run"),
        "prefix": Param(
            "",
            type="string",
            pattern=_BELOW,
            maxLength=512,
            title="Archive prefix",
            description="Instead of days: files below the data set's archive folder that begin so",
        ),
        "pattern": Param(
            "*",
            type="string",
            minLength=1,
            maxLength=256,
            title="Archive pattern",
            description="Shell pattern of the rest of their keys",
        ),
        "replay_key": Param(
            "",
            type="string",
            pattern=r"^(_replays/.+)?$",
            maxLength=1024,
            title="Replay",
            description="Instead: an order to replay, as `lake replay` writes it",
        ),
    }


def backfill_selection(chosen: Mapping[str, Any]) -> Selection:
    """What a backfill by hand is about.

    Raises:
        ValueError: the parameters contradict each other.
    """
    from lake.pipeline.selection import OfArchive, OfDays, Replay  # noqa: PLC0415  # in tasks alone

    first, last = chosen["from_day"], chosen["to_day"]
    by_days = first is not None or last is not None
    by_archive = bool(chosen["prefix"]) or chosen["pattern"] != "*"
    if by_days + by_archive + bool(chosen["replay_key"]) > 1:
        raise ValueError(
            "give days, or a prefix and a pattern of the archive, or an order to replay"
        )
    if chosen["replay_key"]:
        return Replay(chosen["replay_key"])
    if not by_days:
        return OfArchive(chosen["prefix"], chosen["pattern"])
    if first is None:
        raise ValueError(f"to_day {last} needs from_day, such as {last}")
    days = OfDays(date.fromisoformat(first), date.fromisoformat(last or first))
    if days.first > days.last:
        raise ValueError(f"from_day {first} is after to_day {last}; expected the earlier day first")
    return days
