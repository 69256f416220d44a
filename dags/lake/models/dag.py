"""The DAGs of a domain's models: this module, `tasks` and `loads` are those that import Airflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, AssetAny, TaskGroup
from airflow.timetables.interval import CronDataIntervalTimetable
from lake.models import loads, tasks
from lake.models.assets import model_asset, read_asset
from lake.models.graph import Graph
from lake.models.names import dag_id, maintenance_dag_id
from lake.models.upkeep import SCHEDULE, keep_up, kept_up
from lake.notifications.dags import notified_dag
from lake.parameters import day_parameters
from lake.settings import LakeSettings, TargetName, lake_settings

START = pendulum.datetime(2010, 1, 1, tz="UTC")
KEPT = (
    "Every table is as its last load left it: a load changes all of its rows or none. "
    "Once the cause is mended, clear the failed tasks, or trigger the DAG for the days."
)
KEPT_BY_MAINTENANCE = "Every table is complete as it is; the next run does what this one did not."


def build_model_dags(domain: str) -> tuple[DAG, ...]:
    """The DAGs of the models in `models/<domain>/`: for each target of the environment one that
    follows what the models read, and one that computes them by the day; on Athena their upkeep.

    Raises:
        lake.dataset.DataSetError: a model file is wrong; Airflow shows it as an import error.
        lake.settings.SettingsMissing: the environment lacks one of the `lake.*` options.
    """
    graph, settings = tasks.graph_of(domain), lake_settings()
    dags = [
        build(domain, graph, settings, target)
        for target in settings.targets
        for build in (_models, _backfill)
    ]
    if "athena" in settings.targets:
        dags.append(_maintenance(domain, graph, settings))
    return tuple(dags)


def _models(domain: str, graph: Graph, settings: LakeSettings, target: TargetName) -> DAG:
    """The days that changed in what the models read, as soon as it is published."""
    with notified_dag(
        dag_id=dag_id(domain, target),
        description=f"Computes the models of {domain} for the days that changed",
        schedule=AssetAny(*(read_asset(t, graph, target) for t in graph.sources(domain))),
        kept=KEPT,
        params=_day_parameters(),
        **_dag_arguments(domain, graph, target),
    ) as dag:
        # Whatever is published while a run goes is the next run's.
        _steps(domain, graph, settings, target, keeps_versions=target == "athena")
    return dag


def _backfill(domain: str, graph: Graph, settings: LakeSettings, target: TargetName) -> DAG:
    """A day a run, by `airflow backfill create`; a day that comes round has nothing to do."""
    with notified_dag(
        dag_id=f"{dag_id(domain, target)}_backfill",
        description=f"Computes the models of {domain} again, a day a run",
        schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
        start_date=START,
        kept=KEPT,
        by_day=True,
        params=_day_parameters(),
        **_dag_arguments(domain, graph, target),
    ) as dag:
        # It may end after a run of the other DAG, and nothing would follow that has the newest.
        _steps(domain, graph, settings, target, keeps_versions=False)
    return dag


def _maintenance(domain: str, graph: Graph, settings: LakeSettings) -> DAG:
    """What keeps the tables on Athena fast and small, a statement at a time.

    Without a start date it first runs when its time comes, not when it is deployed.
    """
    with notified_dag(
        dag_id=maintenance_dag_id(domain),
        description=f"Merges small files of the models of {domain}, forgets old snapshots",
        schedule=SCHEDULE,
        kept=KEPT_BY_MAINTENANCE,
        max_active_tasks=1,  # the workers are for loads
        **_dag_arguments(domain, graph, "athena"),
    ) as dag:
        made = tasks.make_tables(domain=domain)
        for table in kept_up(graph, domain):
            made >> keep_up(table, settings)
    return dag


def _steps(
    domain: str,
    graph: Graph,
    settings: LakeSettings,
    target: TargetName,
    *,
    keeps_versions: bool,
) -> None:
    """Each model after those that it reads: its load, then its check."""
    days: Any = tasks.choose_days(domain=domain, target=target)
    prepared = tasks.prepare_tables(domain=domain, target=target, keeps_versions=keeps_versions)
    prepared >> days
    done: dict[str, Any] = {}
    if target == "redshift":
        done = {table: _copied(domain, table, settings, days) for table in sorted(graph.data_sets)}
    load = {"athena": loads.athena_load, "redshift": loads.redshift_load}[target]
    for node in graph.of(domain):
        with TaskGroup(node.model.table, tooltip=node.model.description):
            loaded = load(node, settings, days)
            done[node.table] = tasks.check.override(outlets=[model_asset(node.table, target)])(
                domain=domain, table=node.table, days=days, target=target
            )
            days >> loaded >> done[node.table]
        for table in sorted(node.needs & set(done)):
            done[table] >> loaded


def _copied(domain: str, table: str, settings: LakeSettings, days: Any) -> Any:
    """What the models read of the lake, brought to Redshift."""
    with TaskGroup(f"{table}_copy", tooltip=f"{table} as the lake has it"):
        unloaded = tasks.unload(domain=domain, table=table, days=days)
        copied = loads.redshift_copy(settings, unloaded)
        unloaded >> copied
    return copied


def _day_parameters() -> dict[str, Any]:
    return day_parameters("The first day; empty: every day of which there are rows")


def _dag_arguments(domain: str, graph: Graph, target: TargetName) -> dict[str, Any]:
    owners = sorted({node.model.owner for node in graph.of(domain)})
    return {
        "doc_md": _documentation(domain, graph),
        "tags": [domain, "models", target],
        "catchup": False,
        "is_paused_upon_creation": False,
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(hours=24),
        "default_args": {
            "owner": ", ".join(owners),
            "retries": 5,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=5),
            "execution_timeout": timedelta(hours=6),
        },
    }


def _documentation(domain: str, graph: Graph) -> str:
    rows = "\n".join(
        f"| `{node.table}` | {node.model.description} | "
        f"{', '.join(f'`{table}`' for table in sorted(node.query.reads))} |"
        for node in graph.of(domain)
    )
    return f"The models of `models/{domain}/`.\n\n| Table | Holds | Reads |\n|---|---|---|\n{rows}"
