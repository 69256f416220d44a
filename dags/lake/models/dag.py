"""The DAGs of a domain's models: this module and `tasks` are the only ones that import Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sdk import DAG, AssetAny, Param, TaskGroup, TriggerRule
from airflow.timetables.interval import CronDataIntervalTimetable
from lake.assets import table_asset
from lake.models import tasks
from lake.models.graph import Graph, Node
from lake.models.statements import days_in_sql, load
from lake.settings import LakeSettings, lake_settings

START = pendulum.datetime(2010, 1, 1, tz="UTC")
POLL_SECONDS = 2


def build_model_dags(domain: str) -> tuple[DAG, DAG]:
    """The DAGs of the models in `models/<domain>/`: as what they read changes, and by the day.

    Raises:
        lake.dataset.DataSetError: a model file is wrong; Airflow shows it as an import error.
        lake.settings.SettingsMissing: the environment lacks one of the `lake.*` options.
    """
    graph, settings = tasks.graph_of(domain), lake_settings()
    return _models(domain, graph, settings), _backfill(domain, graph, settings)


def _models(domain: str, graph: Graph, settings: LakeSettings) -> DAG:
    """The days that changed in what the models read, as soon as it is published."""
    with DAG(
        dag_id=f"{domain}_models",
        description=f"Computes the models of {domain} for the days that changed",
        doc_md=_documentation(domain, graph),
        schedule=AssetAny(*map(table_asset, graph.sources(domain))),
        params={
            "from_day": _day("From", "The first day; empty: every day of which there are rows"),
            "to_day": _day("To", "The last day; empty: the first one alone"),
        },
        **_dag_arguments(domain, graph),
    ) as dag:
        _steps(domain, graph, settings)
    return dag


def _backfill(domain: str, graph: Graph, settings: LakeSettings) -> DAG:
    """A day a run, by `airflow backfill create`; a day that comes round has nothing to do."""
    with DAG(
        dag_id=f"{domain}_models_backfill",
        description=f"Computes the models of {domain} again, a day a run",
        doc_md=_documentation(domain, graph),
        schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
        start_date=START,
        params={
            "from_day": _day("From", "The first day; empty: every day of which there are rows"),
            "to_day": _day("To", "The last day; empty: the first one alone"),
        },
        **_dag_arguments(domain, graph),
    ) as dag:
        _steps(domain, graph, settings)
    return dag


def _steps(domain: str, graph: Graph, settings: LakeSettings) -> None:
    """Each model after those that it reads: its load, then its check."""
    prepared = tasks.prepare_tables(domain)
    days: Any = tasks.choose_days(domain)
    prepared >> days
    checked: dict[str, Any] = {}
    for node in graph.of(domain):
        with TaskGroup(node.model.table, tooltip=node.model.description):
            loaded = _load(node, settings, days)
            checked[node.table] = tasks.check.override(
                outlets=[table_asset(node.table)], doc_md=node.model.description
            )(domain=domain, table=node.table, days=days)
            days >> loaded >> checked[node.table]
        for table in sorted(node.query.reads & set(checked)):
            checked[table] >> loaded


def _load(node: Node, settings: LakeSettings, days: Any) -> Any:
    """The model's statement, once for each list of days, or once for the whole table."""
    arguments: Mapping[str, Any] = {
        "task_id": "load",
        "database": settings.database,
        "workgroup": settings.workgroup,
        "sleep_time": POLL_SECONDS,
        # A task that waits on its worker is seen to run: the loads of a table take turns.
        "deferrable": False,
        "max_active_tis_per_dag": 1,
        "trigger_rule": TriggerRule.NONE_FAILED,
    }
    if node.model.by_day:
        return AthenaOperator.partial(**arguments).expand(query=days.map(_statement(node)))
    return AthenaOperator(query=load(node.model, node.query), **arguments)


def _statement(node: Node) -> Callable[[list[str]], str]:
    def statement(days: list[str]) -> str:
        return load(node.model, node.query, days=days_in_sql(days))

    return statement


def _day(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description)


def _documentation(domain: str, graph: Graph) -> str:
    rows = "\n".join(
        f"| `{node.table}` | {node.model.description} | "
        f"{', '.join(f'`{table}`' for table in sorted(node.query.reads))} |"
        for node in graph.of(domain)
    )
    return f"The models of `models/{domain}/`.\n\n| Table | Holds | Reads |\n|---|---|---|\n{rows}"


def _dag_arguments(domain: str, graph: Graph) -> dict[str, Any]:
    owners = sorted({node.model.owner for node in graph.of(domain)})
    return {
        "tags": [domain, "models"],
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
