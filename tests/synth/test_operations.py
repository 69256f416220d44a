"""Alarms, dashboard and budget: what is made, for which metrics, and who is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.environments import DEV, PROD
from infra.settings import AirflowSettings, EnvironmentSettings, OperationsSettings
from tests.synth.templates import REPOSITORY, Templates

ACCOUNT, REGION = "111122223333", "cn-north-1"
TABLES = sorted(
    f"{path.parent.name}_{path.stem}"
    for path in (REPOSITORY / "dags" / "datasets").glob("*/*.yaml")
)
MWAA = {
    "scheduler-heartbeat", "triggerer-heartbeat", "oldest-task", "queued-tasks", "task-failures",
    "import-errors", "scheduler-cpu", "scheduler-memory", "worker-cpu", "worker-memory",
    "webserver-cpu", "webserver-memory", "database-cpu", "database-memory",
}  # fmt: skip
RECOMMENDED: dict[str, tuple[str, dict[str, str], str, str, float, int, str]] = {
    "scheduler-heartbeat": (
        "SchedulerHeartbeat", {"Function": "Scheduler"}, "Sum", "LessThan", 1, 2, "breaching",
    ),
    "oldest-task": (
        "ApproximateAgeOfOldestTask", {}, "Maximum", "GreaterThan", 1800, 3, "missing",
    ),
    "scheduler-cpu": (
        "CPUUtilization", {"Cluster": "Scheduler"}, "Average", "GreaterThan", 95, 3, "missing",
    ),
    "scheduler-memory": (
        "MemoryUtilization", {"Cluster": "Scheduler"}, "Average", "GreaterThan", 95, 3, "missing",
    ),
    "worker-cpu": (
        "CPUUtilization", {"Cluster": "BaseWorker"}, "Average", "GreaterThan", 95, 6, "missing",
    ),
    "worker-memory": (
        "MemoryUtilization", {"Cluster": "BaseWorker"}, "Average", "GreaterThan", 95, 6, "missing",
    ),
    "webserver-cpu": (
        "CPUUtilization", {"Cluster": "WebServer"}, "Average", "GreaterThan", 95, 3, "missing",
    ),
    "webserver-memory": (
        "MemoryUtilization", {"Cluster": "WebServer"}, "Average", "GreaterThan", 95, 3, "missing",
    ),
    "database-cpu": (
        "CPUUtilization", {"DatabaseRole": "WRITER"}, "Average", "GreaterThan", 95, 3, "missing",
    ),
    "database-memory": (
        "FreeableMemory", {"DatabaseRole": "WRITER"}, "Average", "LessThan", 512 * 1024**2, 3,
        "missing",
    ),
}  # fmt: skip
"""AWS's list, as monitoring-dashboard.html of MWAA's user guide has it."""
WATCHFUL = DEV.model_copy(
    update={
        "operations": OperationsSettings(
            budget_usd_a_month=500,
            budget_addresses=("data@example.com", "boss@example.com"),
            freshness_hours=30,
        )
    }
)
SILENT = DEV.model_copy(update={"operations": OperationsSettings(alarms=False, dashboard=False)})


def alarms(templates: Templates) -> dict[str, dict[str, Any]]:
    """The properties of each alarm, by its name without the environment's prefix."""
    found = templates.of_type("AWS::CloudWatch::Alarm")
    return {str(one.name).removeprefix(prefix_of(templates)): one.properties for one in found}


def prefix_of(templates: Templates) -> str:
    return next(iter(templates.raw)).rpartition("-")[0] + "-"


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


@pytest.fixture(scope="module")
def watchful(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """An environment with a budget, and a data set and a model that have to be fresh."""
    repository = tmp_path_factory.mktemp("repository")
    for folder in ("dags", "plugins", "requirements"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / folder, repository / folder, ignore=ignored)
    for name, column in (
        ("datasets/web/events.yaml", "occurred_at"),
        ("datasets/retail/orders.yaml", "ordered_at, over: days"),  # of no use to an alarm
        ("models/music/songplays.sql", "started_at"),
    ):
        path = repository / "dags" / name
        check = f"checks:\n  freshness: [{{column: {column}, max_age_hours: 36}}]\n"
        changed = path.read_text().replace("\nchecks:\n", f"\n{check}")
        assert check in changed
        path.write_text(changed)
    outdir = tmp_path_factory.mktemp("watchful")
    return Templates.synthesize(WATCHFUL, outdir=outdir, repository=repository)


def test_there_is_an_alarm_for_mwaa_and_one_for_the_quarantine_of_each_data_set(
    templates: Templates,
) -> None:
    assert set(alarms(templates)) == MWAA | {f"quarantine-{table}" for table in TABLES}


@pytest.mark.parametrize("name", RECOMMENDED)
def test_what_aws_recommends_is_as_aws_recommends_it(
    templates: Templates, settings: EnvironmentSettings, name: str
) -> None:
    metric, of, statistic, comparison, threshold, periods, missing = RECOMMENDED[name]
    alarm = alarms(templates)[name]
    assert alarm["MetricName"] == metric
    namespace = "AmazonMWAA" if metric.endswith("Heartbeat") else "AWS/MWAA"
    assert alarm["Namespace"] == namespace
    assert dimensions(alarm) == {**of, "Environment": settings.prefix}
    assert (alarm["Statistic"], alarm["Period"]) == (statistic, 300)
    assert alarm["ComparisonOperator"] == f"{comparison}Threshold"
    assert alarm["Threshold"] == threshold
    assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"] == periods
    assert alarm["TreatMissingData"] == missing


@pytest.mark.parametrize(
    ("name", "metric", "of"),
    [
        ("triggerer-heartbeat", "TriggererHeartbeat", {"Function": "Triggerer"}),
        ("queued-tasks", "QueuedTasks", {"Function": "Executor"}),
        ("import-errors", "ImportErrors", {"Function": "DAG Processing"}),
        ("task-failures", "TaskInstanceFailures", {"DAG": "All", "Task": "All"}),
    ],
)
def test_what_airflow_counts_is_watched_by_mwaas_dimensions(
    templates: Templates,
    settings: EnvironmentSettings,
    name: str,
    metric: str,
    of: dict[str, str],
) -> None:
    alarm = alarms(templates)[name]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AmazonMWAA", metric)
    assert dimensions(alarm) == {**of, "Environment": settings.prefix}


def test_thresholds_are_those_of_the_settings(dev: Templates, prod: Templates) -> None:
    for templates, settings in ((dev, DEV), (prod, PROD)):
        found, wanted = alarms(templates), settings.operations
        assert found["queued-tasks"]["Threshold"] == settings.airflow.task_slots
        assert found["task-failures"]["Threshold"] == wanted.task_failures
        ratios = {found[f"quarantine-{table}"]["Threshold"] for table in TABLES}
        assert ratios == {wanted.quarantine_ratio}


def test_every_alarm_tells_the_topic_when_it_is_raised_and_when_it_is_over(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    for alarm in alarms(templates).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [f"{settings.prefix}-messages"]
        assert "ActionsEnabled" not in alarm or alarm["ActionsEnabled"] is True


def test_the_ratio_of_a_data_set_keeps_its_state_until_the_next_run(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    alarm = alarms(templates)["quarantine-market_quotes"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("MwaaLake", "QuarantineRatio")
    expected = {"Environment": settings.prefix, "DataSet": "market_quotes"}
    assert dimensions(alarm) == expected
    assert alarm["TreatMissingData"] == "ignore"


def test_tables_whose_file_has_a_check_of_their_age_have_an_alarm_and_no_others(
    watchful: Templates,
) -> None:
    found = alarms(watchful)
    fresh = {name for name in found if name.startswith("freshness-")}
    assert fresh == {"freshness-web_events", "freshness-music_songplays"}
    alarm = found["freshness-web_events"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("MwaaLake", "HoursOverdue")
    assert dimensions(alarm) == {"Environment": "lake-dev", "DataSet": "web_events"}
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Minimum", 0)
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 30)
    assert alarm["TreatMissingData"] == "breaching"


def test_micro_has_no_container_of_a_worker_alone(tmp_path: Path) -> None:
    micro = AirflowSettings(
        **DEV.airflow.model_dump()
        | {
            "environment_class": "mw1.micro",
            "max_workers": 1,
            "schedulers": 1,
            "min_webservers": 1,
            "max_webservers": 1,
        }
    )
    templates = Templates.synthesize(
        DEV.model_copy(update={"airflow": micro}), outdir=tmp_path / "out"
    )
    found = {name for name in alarms(templates) if not name.startswith("quarantine-")}
    assert found == MWAA - {"worker-cpu", "worker-memory"}


def test_alarms_may_publish_to_the_topic_and_use_its_key(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    policy = templates.only("AWS::SNS::TopicPolicy").properties["PolicyDocument"]["Statement"]
    (publish,) = [one for one in policy if one["Effect"] == "Allow"]
    assert publish == {
        "Sid": "PublishAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": f"{settings.prefix}-messages",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {
                "aws:SourceArn": f"arn:aws-cn:cloudwatch:{REGION}:{ACCOUNT}"
                f":alarm:{settings.prefix}-*"
            },
        },
    }
    keys = templates.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
    (use,) = [one for one in keys if one.get("Sid") == "EncryptAlarms"]
    assert use["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert use["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_the_dashboard_shows_the_alarms_and_what_is_measured(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    dashboard = templates.only("AWS::CloudWatch::Dashboard")
    assert dashboard.name == settings.prefix
    body = json.loads(dashboard.properties["DashboardBody"])
    text = json.dumps(body)
    assert len(body["widgets"][0]["properties"]["alarms"]) == len(alarms(templates))
    for metric in (
        "SchedulerHeartbeat", "QueuedTasks", "TaskInstanceFailures", "MemoryUtilization",
        "FreeableMemory", "RowsLoaded", "RowsQuarantined", "HoursOverdue", "ProcessedBytes",
    ):  # fmt: skip
        assert metric in text, metric
    expressions = re.findall(r"SEARCH\('([^']+)'", text)
    assert expressions
    for expression in expressions:
        assert expression.count("{") == expression.count("}") == 1
        assert f'=\\"{settings.prefix}\\"' in expression


def test_the_budget_is_of_the_environments_tag_and_mails_everybody_twice(
    watchful: Templates, templates: Templates
) -> None:
    assert not templates.of_type("AWS::Budgets::Budget")
    found = watchful.only("AWS::Budgets::Budget").properties
    budget = found["Budget"]
    assert budget["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    assert (budget["BudgetType"], budget["TimeUnit"]) == ("COST", "MONTHLY")
    assert budget["CostFilters"] == {"TagKeyValue": ["user:lake$lake-dev"]}
    told = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"]): [
            subscriber["Address"] for subscriber in each["Subscribers"]
        ]
        for each in found["NotificationsWithSubscribers"]
    }
    everybody = ["data@example.com", "boss@example.com"]
    assert told == {("FORECASTED", 80): everybody, ("ACTUAL", 100): everybody}


def test_the_name_of_the_budget_changes_with_whom_it_tells_and_with_nothing_else(
    watchful: Templates, tmp_path: Path
) -> None:
    """Who is told takes another budget, which cannot have the name of the one it replaces."""

    def name_of(**changes: Any) -> str | None:
        changed = OperationsSettings(**WATCHFUL.operations.model_dump() | changes)
        settings = DEV.model_copy(update={"operations": changed})
        outdir = tmp_path / str(len(list(tmp_path.iterdir())))
        return Templates.synthesize(settings, outdir=outdir).only("AWS::Budgets::Budget").name

    name = watchful.only("AWS::Budgets::Budget").name
    assert name_of(budget_usd_a_month=900) == name
    assert name_of(budget_addresses=("data@example.com",)) != name


def test_an_environment_that_is_not_watched_has_neither_stack_nor_metrics(tmp_path: Path) -> None:
    silent = Templates.synthesize(SILENT, outdir=tmp_path)
    assert "lake-dev-operations" not in silent.raw
    options = silent.only("AWS::MWAA::Environment").properties["AirflowConfigurationOptions"]
    assert "lake.metrics_namespace" not in options
    assert not [one for one in silent.of_type("AWS::SNS::TopicPolicy") if "Alarms" in str(one)]


def test_each_alarm_is_explained_in_the_documentation(watchful: Templates) -> None:
    documented = set(
        re.findall(r"^\| `([a-z<>-]+)` \|", (REPOSITORY / "docs" / "operate.md").read_text(), re.M)
    )
    made = {re.sub(r"^(quarantine|freshness)-.*", r"\1-<table>", name) for name in alarms(watchful)}
    assert documented == made
