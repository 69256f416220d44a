"""Announce: what a run changed in its table, for the DAGs that run by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lake.dataset import DataSet
from lake.pipeline.documents import Commit, PartChanges, Plan
from lake.pipeline.lake import Lake


@dataclass(frozen=True)
class TableChange:
    """What changed in a table."""

    days: tuple[str, ...] | None
    """The ISO days whose rows changed; None where the table has no partition of type date."""


def table_change(*, lake: Lake, plan: Plan) -> TableChange | None:
    """What a run changed; None where it changed nothing.

    What an earlier run changed and did not come to announce is part of it: its files were still
    where they landed. The change log is asked, and not what the tasks handed on: a task that was
    killed and tried again finds everything done.
    """
    commits = [commit for commit in _commits(lake, plan) if commit.rows.add or commit.rows.remove]
    if not commits:
        return None
    column = _day_column(lake.data_set)
    if column is None:
        return TableChange(days=None)
    touched = {partition[column] for commit in commits for partition in _partitions(commit.rows)}
    return TableChange(days=tuple(sorted(touched)))


def _commits(lake: Lake, plan: Plan) -> Iterator[Commit]:
    """The changes of this run, and those that loaded what it found loaded."""
    entries = lake.index.entries([file.key for file in plan.loaded])
    earlier = {entry.change for entry in entries.values() if entry.change <= plan.change}
    later = range(plan.change + 1, lake.log.applied() + 1)
    for number in [*sorted(earlier), *later]:
        commit = lake.log.read(number)
        if commit and (number in earlier or commit.run.run_id == plan.run_id):
            yield commit


def _day_column(data_set: DataSet) -> str | None:
    dates = (column.name for column in data_set.partition_columns if column.kind == "date")
    return next(dates, None)


def _partitions(changes: PartChanges) -> Iterator[dict[str, str]]:
    yield from changes.remove_from
    for part in changes.add:
        yield part.partition
