"""Measure: how much a run loaded, and how much of it was bad, as metrics."""

from __future__ import annotations

from collections.abc import Collection

from lake.metrics import Metrics
from lake.pipeline.documents import Document, FileOutcome, Plan, Published
from lake.pipeline.lake import Lake
from lake.settings import lake_settings


class Measured(Document):
    """That CloudWatch took what a run measured: it adds up what it is told twice."""

    values: dict[str, float]


def measure_load(*, lake: Lake, plan: Plan, metrics: Metrics | None = None) -> None:
    """Publish what a run did, once: `RowsLoaded`, `RowsQuarantined` and `QuarantineRatio`.

    Killed between CloudWatch's answer and the note of it, a run that is tried again is counted
    twice in the sums.

    Args:
        lake: of the data set.
        plan: of the run.
        metrics: those of the environment's settings by default; where it has none, nothing is done.
    """
    metrics = metrics or Metrics.of(lake_settings())
    if metrics is None:
        return
    place = lake.places.run(plan.run_id).measured(plan.attempt)
    if lake.store.read(place, Measured):
        return
    values = load_values(plan, outcomes(lake, plan))
    if metrics.publish(lake.data_set.table_name, values):
        lake.store.write(place, Measured(values=values))


def outcomes(lake: Lake, plan: Plan) -> list[FileOutcome]:
    """What became of each file; the change log is asked before what the task `publish` left.

    A try of it that was killed after its commit is followed by one that finds all files unchanged.
    """
    places = lake.places.run(plan.run_id)
    published = lake.store.require(places.published(plan.attempt), Published)
    found = {outcome.key: outcome for outcome in published.files}
    for commit in lake.log.of_run(plan.run_id, after=plan.change):
        found |= {outcome.key: outcome for outcome in commit.run.files}
    return list(found.values())


def load_values(plan: Plan, files: Collection[FileOutcome]) -> dict[str, float]:
    """The value of each metric.

    The ratio is that of all records that were looked at, those of refused files among them: a file
    is refused for bad records, too. A replay has none: it looks at bad records alone.
    """
    loaded = [file for file in files if file.state == "loaded"]
    values: dict[str, float] = {"RowsLoaded": sum(file.rows for file in loaded)}
    if plan.kind == "replay":
        return values
    values["RowsQuarantined"] = sum(file.quarantined for file in loaded)
    new = [file for file in files if file.state != "unchanged"]
    records = sum(file.records - file.control for file in new)
    if records:
        values["QuarantineRatio"] = sum(file.quarantined for file in new) / records
    return values
