"""Which alarms an environment has, as data.

Those of MWAA itself are what AWS recommends, with its thresholds
(https://docs.aws.amazon.com/mwaa/latest/userguide/monitoring-dashboard.html); the dimensions are
those of …/access-metrics-cw.html and …/accessing-metrics-cw-container-queue-db.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from infra.operations.tables import WatchedTables
from infra.settings import METRICS_NAMESPACE, EnvironmentSettings

AIRFLOW_NAMESPACE = "AmazonMWAA"
"""Of what Airflow counts."""
SERVICE_NAMESPACE = "AWS/MWAA"
"""Of MWAA's containers, queue and database."""
PERIOD_SECONDS = 300
FRESHNESS_PERIOD_SECONDS = 3600
"""The least of which CloudWatch looks back up to seven days."""
LEAST_DATABASE_BYTES = 512 * 1024**2
MOST_PERCENT = 95
HALF_AN_HOUR = 6
"""Periods."""


@dataclass(frozen=True, kw_only=True)
class AlarmDefinition:
    """An alarm that is raised where all of the last `periods` are beyond the threshold."""

    name: str
    """Behind the environment's prefix; docs/operate.md has it, too."""
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"]
    comparison: Literal["above", "below"] = "above"
    threshold: float
    periods: int
    period_seconds: int = PERIOD_SECONDS
    missing: Literal["missing", "breaching", "notBreaching", "ignore"] = "missing"
    """What a period without data is; `ignore` keeps the state, `missing` makes it unknown."""


def alarm_definitions(
    settings: EnvironmentSettings, tables: WatchedTables
) -> tuple[AlarmDefinition, ...]:
    """The alarms of an environment and its tables."""
    return (
        *_heartbeats(settings),
        *_tasks(settings),
        *_utilization(settings),
        *_database(settings),
        *(_quarantine(settings, table) for table in tables.loaded),
        *(_freshness(settings, table) for table in tables.fresh),
    )


def _heartbeats(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    for component, what in (
        ("Scheduler", "No scheduler is at work: no run starts"),
        ("Triggerer", "No triggerer is at work: landed files start no run, deferred tasks wait"),
    ):
        yield AlarmDefinition(
            name=f"{component.lower()}-heartbeat",
            description=f"{what}.",
            namespace=AIRFLOW_NAMESPACE,
            metric=f"{component}Heartbeat",
            dimensions={"Function": component, "Environment": settings.prefix},
            statistic="Sum",
            comparison="below",
            threshold=1,
            periods=2,
            missing="breaching",
        )


def _tasks(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    operations, prefix = settings.operations, settings.prefix
    yield AlarmDefinition(
        name="oldest-task",
        description=f"A task has been queued for {operations.oldest_task_seconds} seconds.",
        namespace=SERVICE_NAMESPACE,
        metric="ApproximateAgeOfOldestTask",
        dimensions={"Environment": prefix},
        statistic="Maximum",
        threshold=operations.oldest_task_seconds,
        periods=3,
    )
    yield AlarmDefinition(
        name="queued-tasks",
        description="For half an hour more tasks have been queued than the workers take.",
        namespace=AIRFLOW_NAMESPACE,
        metric="QueuedTasks",
        dimensions={"Function": "Executor", "Environment": prefix},
        statistic="Average",
        threshold=operations.queued_tasks or settings.airflow.task_slots,
        periods=HALF_AN_HOUR,
    )
    yield AlarmDefinition(
        name="task-failures",
        description=f"More than {operations.task_failures} tries of tasks failed in five minutes.",
        namespace=AIRFLOW_NAMESPACE,
        metric="TaskInstanceFailures",
        dimensions={"DAG": "All", "Task": "All", "Environment": prefix},
        statistic="Sum",
        threshold=operations.task_failures,
        periods=1,
        missing="notBreaching",  # a counter that nothing counts is not sent
    )
    yield AlarmDefinition(
        name="import-errors",
        description="A DAG file or a data set file cannot be read: its DAGs do not run.",
        namespace=AIRFLOW_NAMESPACE,
        metric="ImportErrors",
        dimensions={"Function": "DAG Processing", "Environment": prefix},
        statistic="Maximum",
        threshold=0,
        periods=3,  # a deployment under way passes
    )


def _utilization(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    clusters = [("scheduler", "Scheduler", 3), ("webserver", "WebServer", 3)]
    if not settings.airflow.is_micro:  # there the scheduler's container is the worker's, too
        clusters.append(("worker", "BaseWorker", HALF_AN_HOUR))
    for name, cluster, periods in clusters:
        for resource, metric in (("cpu", "CPUUtilization"), ("memory", "MemoryUtilization")):
            yield AlarmDefinition(
                name=f"{name}-{resource}",
                description=f"The {name} uses more than {MOST_PERCENT}% of its {resource}.",
                namespace=SERVICE_NAMESPACE,
                metric=metric,
                dimensions={"Cluster": cluster, "Environment": settings.prefix},
                statistic="Average",
                threshold=MOST_PERCENT,
                periods=periods,
            )


def _database(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    writer = {"DatabaseRole": "WRITER", "Environment": settings.prefix}
    yield AlarmDefinition(
        name="database-cpu",
        description=f"Airflow's database uses more than {MOST_PERCENT}% of its processor.",
        namespace=SERVICE_NAMESPACE,
        metric="CPUUtilization",
        dimensions=writer,
        statistic="Average",
        threshold=MOST_PERCENT,
        periods=3,
    )
    yield AlarmDefinition(
        name="database-memory",
        description="Airflow's database has less than 512 MiB of memory left.",
        namespace=SERVICE_NAMESPACE,
        metric="FreeableMemory",
        dimensions=writer,
        statistic="Average",
        comparison="below",
        threshold=LEAST_DATABASE_BYTES,
        periods=3,
    )


def _quarantine(settings: EnvironmentSettings, table: str) -> AlarmDefinition:
    return AlarmDefinition(
        name=f"quarantine-{table}",
        description=f"More than {settings.operations.quarantine_ratio:.2%} of the records of the "
        f"last run of {table} are bad.",
        namespace=METRICS_NAMESPACE,
        metric="QuarantineRatio",
        dimensions={"Environment": settings.prefix, "DataSet": table},
        statistic="Maximum",
        threshold=settings.operations.quarantine_ratio,
        periods=1,
        missing="ignore",  # until the next run says otherwise
    )


def _freshness(settings: EnvironmentSettings, table: str) -> AlarmDefinition:
    hours = settings.operations.freshness_hours
    return AlarmDefinition(
        name=f"freshness-{table}",
        description=f"For {hours} hours no check has found {table} as fresh as its file wants it, "
        "or none has looked.",
        namespace=METRICS_NAMESPACE,
        metric="HoursOverdue",
        dimensions={"Environment": settings.prefix, "DataSet": table},
        statistic="Minimum",
        threshold=0,
        periods=hours,
        period_seconds=FRESHNESS_PERIOD_SECONDS,
        missing="breaching",
    )
