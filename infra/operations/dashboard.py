"""The dashboard of an environment: alarms, MWAA, tasks, loads by data set, bytes that are read.

What is measured a data set is searched for, so that a data set that comes later is there, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.operations.definitions import AIRFLOW_NAMESPACE, SERVICE_NAMESPACE
from infra.settings import METRICS_NAMESPACE, EnvironmentSettings

HALF = 12
THIRD = 8
"""Of the 24 columns of a dashboard."""
CLUSTERS = ("Scheduler", "BaseWorker", "AdditionalWorker", "WebServer")
FIVE_MINUTES = 300
AN_HOUR = 3600


class Dashboard(Construct):
    """One dashboard, called as the environment."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        alarms: Sequence[cloudwatch.IAlarm],
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        self._environment = settings.prefix
        self.dashboard_name = settings.prefix
        told = [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=24, height=4)]
        cloudwatch.Dashboard(
            self,
            "Resource",
            dashboard_name=self.dashboard_name,
            widgets=[told if alarms else [], self._airflow(), self._containers(), self._data()],
        )

    def _airflow(self) -> list[cloudwatch.IWidget]:
        """Whether Airflow is at work, and what it has to do."""
        tasks = {"DAG": "All", "Task": "All"}
        return [
            cloudwatch.GraphWidget(
                title="Heartbeats",
                width=THIRD,
                left=[
                    self._metric(AIRFLOW_NAMESPACE, f"{name}Heartbeat", "Sum", Function=name)
                    for name in ("Scheduler", "Triggerer")
                ],
            ),
            cloudwatch.GraphWidget(
                title="Tasks: queued, running, age of the oldest",
                width=THIRD,
                left=[
                    self._metric(AIRFLOW_NAMESPACE, name, "Average", Function="Executor")
                    for name in ("QueuedTasks", "RunningTasks")
                ],
                right=[self._metric(SERVICE_NAMESPACE, "ApproximateAgeOfOldestTask", "Maximum")],
            ),
            cloudwatch.GraphWidget(
                title="Tasks: succeeded, failed; import errors",
                width=THIRD,
                left=[
                    self._metric(AIRFLOW_NAMESPACE, f"TaskInstance{end}", "Sum", **tasks)
                    for end in ("Successes", "Failures")
                ],
                right=[
                    self._metric(
                        AIRFLOW_NAMESPACE, "ImportErrors", "Maximum", Function="DAG Processing"
                    )
                ],
            ),
        ]

    def _containers(self) -> list[cloudwatch.IWidget]:
        """How much is left of what MWAA runs on."""
        writer = {"DatabaseRole": "WRITER"}
        used = [
            cloudwatch.GraphWidget(
                title=title,
                width=THIRD,
                left=[
                    self._metric(SERVICE_NAMESPACE, name, "Average", Cluster=cluster)
                    for cluster in CLUSTERS
                ],
            )
            for title, name in (("CPU", "CPUUtilization"), ("Memory", "MemoryUtilization"))
        ]
        return [
            *used,
            cloudwatch.GraphWidget(
                title="Database: CPU, free memory",
                width=THIRD,
                left=[self._metric(SERVICE_NAMESPACE, "CPUUtilization", "Average", **writer)],
                right=[self._metric(SERVICE_NAMESPACE, "FreeableMemory", "Average", **writer)],
            ),
        ]

    def _data(self) -> list[cloudwatch.IWidget]:
        """What becomes of the records, how old the tables are, what queries read."""
        late = cloudwatch.HorizontalAnnotation(value=0, label="overdue above")
        measured: tuple[tuple[str, str, str, list[cloudwatch.HorizontalAnnotation]], ...] = (
            ("Rows loaded, by data set", "RowsLoaded", "Sum", []),
            ("Records quarantined, by data set", "RowsQuarantined", "Sum", []),
            ("Share of bad records, by data set", "QuarantineRatio", "Maximum", []),
            ("Hours overdue, by data set", "HoursOverdue", "Maximum", [late]),
        )
        read = f'AWS/Athena,QueryState,QueryType,WorkGroup}} WorkGroup="{self._environment}"'
        return [
            *(
                cloudwatch.GraphWidget(
                    title=title,
                    width=HALF,
                    left=[self._search(name, statistic)],
                    left_annotations=lines,
                )
                for title, name, statistic, lines in measured
            ),
            cloudwatch.GraphWidget(
                title="Bytes that queries of the work group read",
                width=24,
                left=[_searched(f'{{{read} MetricName="ProcessedBytes"', "Sum", FIVE_MINUTES)],
            ),
        ]

    def _metric(
        self, namespace: str, name: str, statistic: str, **dimensions: str
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map={**dimensions, "Environment": self._environment},
            statistic=statistic,
            period=Duration.seconds(FIVE_MINUTES),
        )

    def _search(self, name: str, statistic: str) -> cloudwatch.MathExpression:
        """The metric of every data set."""
        by_data_set = f"{{{METRICS_NAMESPACE},DataSet,Environment}}"
        wanted = f'MetricName="{name}" Environment="{self._environment}"'
        return _searched(f"{by_data_set} {wanted}", statistic, AN_HOUR)


def _searched(what: str, statistic: str, seconds: int) -> cloudwatch.MathExpression:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{what}', '{statistic}', {seconds})",
        label="",
        period=Duration.seconds(seconds),
        using_metrics={},
    )
