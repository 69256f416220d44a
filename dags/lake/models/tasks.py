"""The tasks of the models' DAGs in Airflow's terms; their loads are Airflow's own operators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow.sdk import Metadata, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from lake.models.assets import model_asset
from lake.models.graph import Graph
from lake.models.loads import kept_versions
from lake.models.versions import AsOf, Versions
from lake.settings import TargetName, lake_settings
from lake.targets import Target
from lake.tasks import judged

_DAGS = Path(__file__).resolve().parents[2]
MODELS, DATA_SETS = _DAGS / "models", _DAGS / "datasets"


def graph_of(domain: str) -> Graph:
    """The models of a domain, and what they read.

    Raises:
        lake.dataset.DataSetError: a file is wrong.
    """
    return Graph.load(models=MODELS, data_sets=DATA_SETS, domain=domain)


@task
def prepare_tables(domain: str, target: TargetName, keeps_versions: bool) -> Versions:
    """Makes the tables that are not there, those that the models read too: empty ones.

    Gives the versions of what the models read that the run keeps to.
    """
    from lake.models.prepare import prepare_tables as stage
    from lake.models.prepare import source_versions

    graph, settings = graph_of(domain), lake_settings()
    stage(graph, domain, target=_target(target), settings=settings)
    return source_versions(graph, domain, settings=settings) if keeps_versions else {}


@task
def make_tables(domain: str) -> None:
    """Makes the tables on Athena that the upkeep finds, where no run has made them yet."""
    from lake.models.upkeep import kept_up

    target = _target("athena")
    for definition in kept_up(graph_of(domain), domain):
        target.ensure(definition)


@task
def choose_days(domain: str, target: TargetName) -> list[list[str]]:
    """Which days the run computes, as many together as one statement of a model takes."""
    from lake.models.days import every_day, in_statements

    graph = graph_of(domain)
    days = _asked_days(graph, domain)
    if days is None:
        days = every_day(graph, domain, models=_target(target), data_sets=_target("athena"))
    return [list(some) for some in in_statements(days)]


def _asked_days(graph: Graph, domain: str) -> list[str] | None:
    from lake.models.days import WrongDays, between, changed

    context = get_current_context()
    run = context["dag_run"]
    if run.run_type == "scheduled":
        raise AirflowSkipException("only backfills, and runs triggered by hand, do something here")
    if run.run_type == "manual":
        try:
            return between(context["params"]["from_day"], context["params"]["to_day"])
        except WrongDays as error:
            raise AirflowFailException(str(error)) from None
    if run.run_type == "asset_triggered":
        return changed(graph, domain, _published(context["triggering_asset_events"]))
    if run.data_interval_start is None:
        raise AirflowFailException("a run of a backfill should have a day")
    return [run.data_interval_start.date().isoformat()]


def _published(events: Any) -> Iterator[tuple[str, list[str] | None]]:
    for asset, of_asset in events.items():
        for event in of_asset:
            yield asset.name, (event.extra or {}).get("days")


@task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
def unload(domain: str, table: str, days: list[list[str]]) -> list[list[str]]:
    """Has Athena write what Redshift then copies; gives the statements, a list a transaction."""
    import boto3
    from lake.models.staging import staged_table
    from lake.models.staging import unload as stage
    from lake.targets.athena import AthenaTarget

    graph, settings = graph_of(domain), lake_settings()
    day_column = graph.day_column(table)
    return [
        stage(
            staged_table(graph.data_sets[table]),
            day_column=day_column,
            days=some,
            athena=AthenaTarget.of(settings).athena,
            s3=boto3.client("s3"),
            bucket=settings.curated_bucket,
        )
        for some in (days if day_column else [[]])
    ]


@task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
def check(domain: str, table: str, days: list[list[str]], target: TargetName) -> Iterator[Metadata]:
    """Counts what the step read and wrote, and runs the model's checks.

    Where they hold, whoever reads the table is told of it; where one fails, the run ends here.
    """
    from lake.models.audit import audit
    from lake.models.quality import check_model

    graph = graph_of(domain)
    node = graph.nodes[table]
    if node.model.by_day and not days:
        raise AirflowSkipException(f"no day of {table} was to be computed")
    context = get_current_context()
    run = context["dag_run"]
    dates = sorted(day for some in days for day in some)
    run_id = f"{run.dag_id}/{run.run_id}"
    on = AsOf(_target(target), kept_versions(context))
    audit(node, graph, target=on, days=dates, dag_id=run.dag_id, run_id=run.run_id)
    if node.model.checks.declared:
        found = check_model(node.model, target=on, days=dates, run_id=run_id)
        judged(node.model.checks, found)
    extra: dict[str, Any] = {"days": dates if node.model.by_day else None, "run_id": run.run_id}
    yield Metadata(model_asset(table, target), extra=extra)


def _target(name: TargetName) -> Target:
    if name == "redshift":
        from lake.targets.redshift import RedshiftTarget

        return RedshiftTarget.of(lake_settings())
    from lake.targets.athena import AthenaTarget

    return AthenaTarget.of(lake_settings())
