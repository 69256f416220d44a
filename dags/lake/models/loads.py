"""The load of a model as a task of Airflow: an operator of its Amazon provider, by target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.sdk import TriggerRule
from lake.models.graph import Node
from lake.models.statements import days_in_sql, load, replace
from lake.models.versions import Versions, as_of
from lake.settings import LakeSettings
from lake.targets.redshift_sql import for_redshift

POLL_SECONDS = 2
_TURNS: Mapping[str, Any] = {
    # A task that waits on its worker is seen to run: the loads of a table take turns.
    "deferrable": False,
    "max_active_tis_per_dag": 1,
    # Not where no days were chosen; where a table that it needs has none of these days, it is.
    "trigger_rule": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
}


def athena_load(node: Node, settings: LakeSettings, days: Any) -> Any:
    """One MERGE for each list of days, or one for the whole table."""
    arguments: Mapping[str, Any] = {
        "task_id": "load",
        "database": settings.database,
        "workgroup": settings.workgroup,
        "sleep_time": POLL_SECONDS,
        **_TURNS,
    }
    if node.model.by_day:
        return AthenaOperator.partial(**arguments).expand(query=days.map(_merge(node)))
    return AthenaOperator(query=_as_of(load(node.model, node.query)), **arguments)


def redshift_load(node: Node, settings: LakeSettings, days: Any) -> Any:
    """One transaction for each list of days, or one for the whole table."""
    arguments = {"task_id": "load", **_data_api(settings)}
    if node.model.by_day:
        return RedshiftDataOperator.partial(**arguments).expand(sql=days.map(_replace(node)))
    sql = [for_redshift(each) for each in replace(node.model, node.query)]
    return RedshiftDataOperator(sql=sql, **arguments)


def redshift_copy(settings: LakeSettings, unloaded: Any) -> Any:
    """A transaction for each list of statements that an unload left."""
    return RedshiftDataOperator.partial(task_id="copy", **_data_api(settings)).expand(sql=unloaded)


def _data_api(settings: LakeSettings) -> dict[str, Any]:
    return {
        "workgroup_name": settings.redshift_workgroup,
        "database": settings.redshift_database,
        "poll_interval": POLL_SECONDS,
        **_TURNS,
    }


def kept_versions(context: Any) -> Versions:
    """The versions of what the models read that a run keeps to.

    A run that somebody cleared reads the tables as they are: runs after it may have computed from
    later versions, which it would undo.
    """
    if context["dag_run"].clear_number:
        return {}
    versions: Versions = context["ti"].xcom_pull(task_ids="prepare_tables") or {}
    return versions


def _as_of(sql: str) -> Any:
    """A template that becomes the statement as the run reads it; Airflow calls it."""

    def statement(context: Any, **_environment: Any) -> str:
        return as_of(sql, kept_versions(context))

    return statement


def _merge(node: Node) -> Callable[[list[str]], Any]:
    def merge(days: list[str]) -> Any:
        return _as_of(load(node.model, node.query, days=days_in_sql(days)))

    return merge


def _replace(node: Node) -> Callable[[list[str]], list[str]]:
    def replace_days(days: list[str]) -> list[str]:
        statements = replace(node.model, node.query, days=days_in_sql(days))
        return [for_redshift(each) for each in statements]

    return replace_days
