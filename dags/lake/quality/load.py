"""The checks of a data set, after a load of it and between loads."""

from __future__ import annotations

from collections import Counter
from datetime import date

from lake.convert.json_text.unknown import UNKNOWN_FIELDS
from lake.pipeline.announce import table_change
from lake.pipeline.documents import Plan, Published
from lake.pipeline.lake import Lake
from lake.pipeline.results import BatchResult
from lake.quality.documents import CheckedTable, CheckReport, Loaded, Scope
from lake.quality.run import run_checks
from lake.targets import Target


def check_load(*, lake: Lake, plan: Plan, target: Target) -> CheckReport:
    """Run the checks of a data set over the days that a run changed, and over the table.

    Asked again, it looks at the same days: the change log says them.
    """
    change = table_change(lake=lake, plan=plan)
    days = () if change is None else change.days
    return run_checks(
        target=target,
        checked=CheckedTable.of(lake.data_set),
        scope=Scope(days=None if days is None else tuple(map(date.fromisoformat, days))),
        run_id=plan.run_id,
        loaded=_loaded(lake, plan),
    )


def check_table(*, lake: Lake, run_id: str, target: Target) -> CheckReport:
    """Run the checks of the whole table alone: its age grows where nothing is loaded."""
    return run_checks(
        target=target,
        checked=CheckedTable.of(lake.data_set),
        scope=Scope(days=()),
        run_id=run_id,
    )


def _loaded(lake: Lake, plan: Plan) -> Loaded:
    data_set, places = lake.data_set, lake.places.run(plan.run_id)
    published = lake.store.require(places.published(plan.attempt), Published)
    applied = lake.log.applied()
    entries = lake.index.entries([outcome.key for outcome in published.files])
    own = [entry for entry in entries.values() if entry.run_id == plan.run_id]
    # Rows of a file give way to those of another file, unless rows are only added.
    replaced = data_set.target.write != "append" and any(e.change != applied for e in own)
    loaded = [outcome.key for outcome in published.files if outcome.state == "loaded"]
    replaced |= any(key not in entries or entries[key].run_id != plan.run_id for key in loaded)
    return Loaded(
        data_set=f"{data_set.domain}/{data_set.table}",
        run_id=plan.run_id,
        rows=None if replaced else sum(entry.rows for entry in own),
        is_current=lambda: lake.log.applied() == applied,
        unknown_fields=_unknown_fields(lake, plan),
    )


def _unknown_fields(lake: Lake, plan: Plan) -> dict[str, int]:
    places = lake.places.run(plan.run_id)
    batches = lake.store.read_many(
        (places.result(plan.attempt, number) for number in range(len(plan.labels))), BatchResult
    )
    counts: Counter[str] = Counter()
    for batch in filter(None, batches):
        for result in batch.results:
            counts.update(result.facts.get(UNKNOWN_FIELDS, {}))
    return dict(sorted(counts.items()))
