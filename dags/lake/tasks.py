"""The tasks of the DAGs, each a stage of the pipeline in Airflow's terms.

What a stage leaves for the next is a document in the curated bucket; an XCom holds a number and a
label. Stages are imported when a task runs: parsing a DAG must not wait for them.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule, get_current_context, task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from lake.assets import table_asset
from lake.dataset import DataSet, load_data_set
from lake.parameters import backfill_selection
from lake.settings import lake_settings

if TYPE_CHECKING:
    from lake.dataset.checks import Checks
    from lake.pipeline.documents import Plan
    from lake.pipeline.lake import Lake
    from lake.pipeline.selection import Selection
    from lake.quality.documents import CheckReport
    from lake.targets import Target

log = logging.getLogger(__name__)

DATA_SETS = Path(__file__).resolve().parents[1] / "datasets"


def data_set_named(name: str) -> DataSet:
    """The data set `<domain>/<table>`.

    Raises:
        lake.dataset.DataSetError: its file is wrong.
    """
    return load_data_set(DATA_SETS / f"{name}.yaml")


@task
def plan(name: str, this_run: str) -> list[dict[str, Any]]:
    """Which files are new; gives each mapped conversion its batch.

    Where nothing has landed, the rest is skipped. A run by hand may be about some files only.
    """
    from lake.pipeline.selection import Landed

    chosen = get_current_context()["params"]
    selection = Landed(chosen["prefix"], chosen["pattern"])
    if chosen["list_only"]:
        keys = [file.key for file in selection.files(_lake(name))]
        for key in keys:
            log.info("would be loaded: %s", key)
        raise AirflowSkipException(f"{len(keys)} files would be loaded")
    return _planned(name, this_run, selection)


@task
def plan_backfill(name: str, this_run: str) -> list[dict[str, Any]]:
    """As `plan`, of the files of the run's day, or of what a run by hand is about."""
    from lake.pipeline.selection import OfDays

    context = get_current_context()
    run = context["dag_run"]
    if run.run_type == "scheduled":
        raise AirflowSkipException("only backfills, and runs triggered by hand, do something here")
    if run.run_type == "manual":
        try:
            selection = backfill_selection(context["params"])
        except ValueError as error:
            raise AirflowFailException(str(error)) from error
        return _planned(name, this_run, selection)
    start = run.data_interval_start
    if start is None:
        raise AirflowFailException("a run of a backfill should have a day")
    return _planned(name, this_run, OfDays(start.date(), start.date()))


def _planned(name: str, this_run: str, selection: Selection) -> list[dict[str, Any]]:
    from lake.pipeline.plan import plan as stage

    made = stage(
        lake=_lake(name),
        selection=selection,
        run_id=this_run,
        task_slots=lake_settings().task_slots,
        most_tasks=conf.getint("core", "max_map_length"),
    )
    if made.kind == "load" and not made.files:
        raise AirflowSkipException("no file has landed")
    return [{"number": number, "label": label} for number, label in enumerate(made.labels)]


@task
def spark_job(name: str, this_run: str) -> str:
    """Writes down what Spark has to convert; gives the URI of the document that its job reads."""
    from lake.pipeline.hand_over import write_spark_job

    lake = _lake(name)
    uri = write_spark_job(lake, _plan(lake, this_run))
    if uri is None:
        raise AirflowSkipException("nothing is for Spark to convert")
    return uri


@task(map_index_template="{{ batch_label }}")
def convert(name: str, this_run: str, batch: dict[str, Any]) -> dict[str, int]:
    """Converts the files of one batch."""
    from lake.pipeline.convert import convert_batch

    get_current_context()["batch_label"] = batch["label"]  # type: ignore[typeddict-unknown-key]
    lake = _lake(name)
    made = convert_batch(lake=lake, plan=_plan(lake, this_run), number=batch["number"])
    return {
        "rows": sum(result.counts.rows for result in made.results if not result.reason),
        "refused": sum(1 for result in made.results if result.reason),
    }


@task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
def audit(name: str, this_run: str) -> dict[str, int]:
    """Judges each file that was converted, whatever became of a conversion."""
    from lake.pipeline.audit import audit as stage

    lake = _lake(name)
    audited = stage(lake=lake, plan=_plan(lake, this_run))
    states = [outcome.state for outcome in audited.files]
    return {state: states.count(state) for state in ("loaded", "unchanged", "refused")}


@task
def publish(name: str, this_run: str) -> dict[str, int | None]:
    """Makes the accepted files part of the table, at once."""
    from lake.pipeline.publish import publish as stage

    lake = _lake(name)
    published = stage(lake=lake, plan=_plan(lake, this_run))
    loaded = [outcome for outcome in published.files if outcome.state == "loaded"]
    return {
        "change": published.change,
        "files": len(loaded),
        "rows": sum(outcome.rows for outcome in loaded),
        "quarantined": sum(outcome.quarantined for outcome in loaded),
    }


@task
def check(name: str, this_run: str) -> list[int]:
    """Compares the table with what was published; gives the lists of files to take away."""
    from lake.pipeline.check import check as stage

    lake = _lake(name)
    return stage(lake=lake, plan=_plan(lake, this_run))


@task
def announce(name: str, this_run: str) -> None:
    """Says what changed to the DAGs that run by the table's asset; skipped where nothing did.

    Airflow records the event as it records that the task succeeded: a try that fails says nothing.
    """
    from lake.pipeline.announce import table_change

    lake = _lake(name)
    change = table_change(lake=lake, plan=_plan(lake, this_run))
    if change is None:
        raise AirflowSkipException("the table is as it was")
    days: Any = None if change.days is None else list(change.days)
    event = get_current_context()["outlet_events"][table_asset(lake.data_set.table_name)]
    event.extra = {"days": days, "run_id": this_run}


@task
def quality(name: str, this_run: str) -> dict[str, int]:
    """Runs the checks of the data set file; fails where one fails, and what is wrong is told."""
    from lake.quality.load import check_load

    lake = _lake(name)
    found = check_load(lake=lake, plan=_plan(lake, this_run), target=_target())
    return judged(lake.data_set.checks, found)


@task
def quality_of_table(name: str, this_run: str) -> dict[str, int]:
    """As `quality`, of what is about the whole table: its age grows where nothing is loaded."""
    from lake.quality.load import check_table

    lake = _lake(name)
    return judged(lake.data_set.checks, check_table(lake=lake, run_id=this_run, target=_target()))


def judged(checks: Checks, found: CheckReport) -> dict[str, int]:
    """Tells what the checks of a table found, and fails where one fails; counts by status.

    Raises:
        lake.notifications.dags.ProblemsReported: a check with `severity: fail` does not hold.
    """
    from lake.notifications.dags import ProblemsReported
    from lake.quality.freshness import measure_freshness
    from lake.quality.messages import tell

    tell(found)
    measure_freshness(checks, found)
    if found.failed:
        raise ProblemsReported(found.summary)  # trying again cannot help
    states = [result.status for result in found.results]
    return {state: states.count(state) for state in ("ok", "warn", "skipped")}


@task
def archive_or_delete(name: str, this_run: str, chunk: int) -> int:
    """Takes processed files out of the landing prefix."""
    from lake.pipeline.originals import take_away

    lake = _lake(name)
    return take_away(lake=lake, plan=_plan(lake, this_run), number=chunk)


@task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
def report(name: str, this_run: str) -> None:
    """Measures what was loaded; fails where files were refused, which trying again cannot help."""
    from lake.pipeline.documents import Published
    from lake.pipeline.measure import measure_load

    lake = _lake(name)
    plan = _plan(lake, this_run)
    measure_load(lake=lake, plan=plan)
    places = lake.places.run(this_run)
    published = lake.store.require(places.published(plan.attempt), Published)
    refused = [f"{file.key}: {file.reason}" for file in published.files if file.state == "refused"]
    if refused:
        more = f" and {len(refused) - 10} more" if len(refused) > 10 else ""  # noqa: PLR2004
        raise AirflowFailException(f"refused {'; '.join(refused[:10])}{more}")


@task
def maintain(name: str, this_run: str) -> dict[str, int]:
    """Merges small files; forgets old snapshots, and what no reader needs."""
    from lake.pipeline.maintain import maintain as stage

    return stage(lake=_lake(name), run_id=this_run)


def _lake(name: str) -> Lake:
    from lake.pipeline.lake import Lake

    return Lake.of(data_set_named(name), lake_settings())


def _target() -> Target:
    from lake.targets.athena import AthenaTarget

    return AthenaTarget.of(lake_settings())


def _plan(lake: Lake, this_run: str) -> Plan:
    from lake.pipeline.plan import read_plan

    return read_plan(lake, this_run)
