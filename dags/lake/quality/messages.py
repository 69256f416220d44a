"""What people are told: one message a check that does not hold, one when it holds again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date

from lake.notifications.channels import ChannelsFailed
from lake.notifications.documents import Problem
from lake.notifications.problems import report
from lake.quality.documents import CheckReport, OpenProblem
from lake.quality.results import NAME, samples

MOST_DAYS = 10


log = logging.getLogger(__name__)


def tell(found: CheckReport) -> None:
    """Send what is new and what is over, of the problems of a table.

    A channel that is down stops no data: it is told by the next report of the table.
    """
    try:
        report(
            scope_of(found),
            problems_of(found),
            when_over=f"Seen by the run {found.run_id}.",
            now=found.checked_at,
        )
    except ChannelsFailed:
        log.exception("not every channel was told of %s", found.table)


def scope_of(found: CheckReport) -> str:
    """The table's own; Athena's tables are the lake's."""
    return "/".join(["quality", *_elsewhere(found), found.table])


def _elsewhere(found: CheckReport) -> list[str]:
    return [] if found.target == "athena" else [found.target]


def problems_of(found: CheckReport) -> tuple[Problem, ...]:
    """Every problem that is open now."""
    return tuple(_problem(found, each) for each in found.open)


def _problem(found: CheckReport, each: OpenProblem) -> Problem:
    return Problem(
        id=each.check,
        title=" ".join([*_elsewhere(found), f"{found.table}: {each.check}"]),
        text=_text(found, each),
        severity="fail" if each.status == "fail" else "warn",
    )


def _text(found: CheckReport, each: OpenProblem) -> str:
    result = each.latest
    lines = [f"{result.message}{_days(each.days)}.", ""]
    lines += [f"Table: {found.table} (owner: {found.owner})", f"Check: {each.check}"]
    if result.threshold:
        lines.append(f"Limit: {result.threshold}")
    if rows := samples(result.sample):
        lines += ["", "Some of the rows:"]
        lines += [f"  {_shown(row)}" for row in rows]
    if result.query:
        lines += ["", "All of them:", f"  {result.query}"]
    lines += [
        "",
        "The rows are in the table; nothing was taken back, and later days are loaded.",
        f"History: SELECT * FROM {NAME} WHERE table_name = '{found.table}'"
        f" AND check_name = '{each.check.replace(chr(39), chr(39) * 2)}' ORDER BY checked_at",
    ]
    if each.status == "fail":
        lines.append(
            "Once it is mended, load the day again, or clear the task `quality` of its run."
        )
    return "\n".join(lines)


def _days(days: Sequence[date | None]) -> str:
    """` on 2024-01-02, 2024-01-03`."""
    listed = [str(day) for day in days if day]
    more = f" and {len(listed) - MOST_DAYS} days before" if len(listed) > MOST_DAYS else ""
    return f" on {', '.join(listed[-MOST_DAYS:])}{more}" if listed else ""


def _shown(row: Mapping[str, str | None]) -> str:
    return ", ".join(f"{name} = {'NULL' if v is None else v}" for name, v in row.items())
