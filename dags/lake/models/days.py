"""Which days a run of the models computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import batched

from lake.models.graph import Graph
from lake.models.statements import identifier
from lake.targets import Target

MOST_DAYS_A_STATEMENT = 90
"""Athena writes at most 100 partitions in one statement
(https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html)."""


class WrongDays(ValueError):
    """Days that somebody asked for and that cannot be; the text says the expected shape."""


def between(first: str | None, last: str | None) -> list[str] | None:
    """The days from `first` to `last`, as ISO dates: without `last` one day, without both None.

    Raises:
        WrongDays: one is no date, `last` is alone, or it is before `first`.
    """
    if not first and not last:
        return None
    try:
        start, end = date.fromisoformat(first or ""), date.fromisoformat(last or first or "")
    except ValueError:
        raise WrongDays(
            f"from_day is {first or 'missing'} and to_day is {last or 'missing'}; "
            "expected days such as 2018-11-01 and 2018-11-30, or neither for every day"
        ) from None
    if end < start:
        raise WrongDays(f"from_day {first} is after to_day {last}; expected the earlier day first")
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def changed(
    graph: Graph, domain: str, published: Iterable[tuple[str, list[str] | None]]
) -> list[str] | None:
    """The days that tables say they changed; None, for every day, where a model asks for it.

    `published` is what runs announced: a table, and its days where it has any.
    """
    rebuilding = {table for node in graph.of(domain) for table in node.model.rebuild_when_changed}
    days: set[str] = set()
    for table, of_table in published:
        if of_table is None and table in rebuilding:
            return None
        days.update(of_table or ())
    return sorted(days)


def every_day(graph: Graph, domain: str, *, models: Target, data_sets: Target) -> list[str]:
    """The days of which there are rows, in the domain's models or in what they read."""
    read = set(graph.sources(domain))
    computed = {node.table for node in graph.of(domain)} | (read - set(graph.data_sets))
    days = {
        *_days_in(computed, graph, models),
        *_days_in(read & set(graph.data_sets), graph, data_sets),
    }
    return sorted(days)


def _days_in(tables: Iterable[str], graph: Graph, target: Target) -> list[str]:
    selects = [
        f"SELECT DISTINCT {identifier(column)} AS day FROM {identifier(table)}"
        for table in sorted(tables)
        if (column := graph.day_column(table)) and target.columns(table) is not None
    ]
    if not selects:
        return []
    rows = target.query(
        f"SELECT day FROM ({' UNION '.join(selects)}) AS days WHERE day IS NOT NULL"
    )
    return [str(row["day"]) for row in rows]


def in_statements(days: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The days in order, as many together as one statement can compute."""
    yield from batched(sorted(days), MOST_DAYS_A_STATEMENT)  # the last is shorter
