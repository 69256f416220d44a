from __future__ import annotations

from pathlib import Path
from typing import Any

from infra.environments import DEV
from infra.settings import EnvironmentSettings, LogSettings
from tests.synth.templates import Resource, Templates

COMPONENTS = {"DAGProcessing", "Scheduler", "Task", "WebServer", "Worker"}


def environment(templates: Templates) -> Resource:
    return templates.only("AWS::MWAA::Environment")


def deployments(templates: Templates) -> dict[str, dict[str, Any]]:
    """The deployments by the prefix that they write to."""
    found = templates.of_type("Custom::CDKBucketDeployment")
    by_prefix = {one.properties["DestinationBucketKeyPrefix"]: one.properties for one in found}
    assert len(by_prefix) == len(found), "one deployment a prefix"
    return by_prefix


def test_the_environment_is_as_the_settings_have_it(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    airflow = settings.airflow
    properties = environment(templates).properties
    assert properties["Name"] == settings.prefix
    assert properties["AirflowVersion"] == "3.3.1"
    assert properties["EnvironmentClass"] == airflow.environment_class
    assert properties["WebserverAccessMode"] == airflow.webserver_access_mode
    assert (properties["MinWorkers"], properties["MaxWorkers"]) == (
        airflow.min_workers,
        airflow.max_workers,
    )
    assert properties["Schedulers"] == airflow.schedulers
    assert (properties["MinWebservers"], properties["MaxWebservers"]) == (
        airflow.min_webservers,
        airflow.max_webservers,
    )


def test_the_web_server_is_reachable_in_dev(dev: Templates) -> None:
    assert environment(dev).properties["WebserverAccessMode"] == "PUBLIC_ONLY"


def test_the_environment_is_encrypted_with_the_key_and_runs_as_its_role(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    properties = environment(templates).properties
    assert properties["KmsKey"] == "Key.Arn"
    assert properties["ExecutionRoleArn"] == "Airflow/ExecutionRole.Arn"
    bucket = f"{settings.prefix}-airflow-111122223333-cn-north-1"
    assert properties["SourceBucketArn"] == f"arn:aws-cn:s3:::{bucket}"


def test_every_component_logs(templates: Templates) -> None:
    logging = environment(templates).properties["LoggingConfiguration"]
    assert logging == {
        f"{component}Logs": {"Enabled": True, "LogLevel": "INFO"}
        for component in ("DagProcessing", "Scheduler", "Task", "Webserver", "Worker")
    }


def test_a_component_logs_at_its_own_level_or_not_at_all(tmp_path: Path) -> None:
    logs = LogSettings(webserver=None, scheduler="WARNING")
    airflow = DEV.airflow.model_copy(update={"logs": logs, "worker_replacement": "GRACEFUL"})
    made = Templates.synthesize(DEV.model_copy(update={"airflow": airflow}), outdir=tmp_path)
    properties = environment(made).properties
    assert properties["WorkerReplacementStrategy"] == "GRACEFUL"
    logging = properties["LoggingConfiguration"]
    assert logging["SchedulerLogs"] == {"Enabled": True, "LogLevel": "WARNING"}
    assert logging["WebserverLogs"] == {"Enabled": False, "LogLevel": "CRITICAL"}
    assert logging["TaskLogs"]["Enabled"] is True


def test_its_log_groups_stand_before_it_with_the_names_that_mwaa_uses(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    """MWAA would make them itself, without an end and left behind by a destroy."""
    groups = {
        group.name: group.path
        for group in templates.of_type("AWS::Logs::LogGroup")
        if group.name and group.name.startswith("airflow-")
    }
    assert set(groups) == {f"airflow-{settings.prefix}-{one}" for one in COMPONENTS}
    assert set(groups.values()) <= set(environment(templates).depends_on)


def test_the_dags_learn_the_lake_from_configuration_options(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    options = environment(templates).properties["AirflowConfigurationOptions"]
    elsewhere = ("lake.spark_", "secrets.")  # held by the tests of these
    options = {name: value for name, value in options.items() if not name.startswith(elsewhere)}
    assert options == {
        **settings.airflow.options,
        "lake.landing_bucket": templates.output(f"{settings.prefix}-storage", "LandingBucket"),
        "lake.curated_bucket": templates.output(f"{settings.prefix}-storage", "CuratedBucket"),
        "lake.database": f"lake_{settings.name}",
        "lake.workgroup": settings.prefix,
        "lake.arrival_queues": f"{settings.prefix}-arrivals-",
        "lake.task_slots": {"dev": "10", "prod": "100"}[settings.name],
        "lake.environment": settings.prefix,
        "lake.sns_topic_arn": templates.output(f"{settings.prefix}-storage", "MessagesTopicArn"),
        "lake.reminder_days": str(settings.notifications.reminder_days),
        "lake.metrics_namespace": "MwaaLake",
    }


def test_permissions_and_bundle_stand_before_the_environment(templates: Templates) -> None:
    depends_on = environment(templates).depends_on
    assert "Airflow/ExecutionRole/Permissions" in depends_on
    assert "Airflow/Bundle/Dags/CustomResource" in depends_on


def test_dags_are_mirrored_and_the_other_parts_are_copied_as_they_are(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    bucket = f"{settings.prefix}-airflow-111122223333-cn-north-1"
    found = deployments(templates)
    assert set(found) == {"dags/", "plugins/", "requirements/", "startup/"}
    assert {one["DestinationBucketName"] for one in found.values()} == {bucket}
    assert found["dags/"]["Prune"] is True
    assert "Extract" not in found["dags/"]
    for prefix, suffix in {"plugins/": ".zip", "requirements/": ".txt", "startup/": ".sh"}.items():
        assert found[prefix]["Extract"] is False
        assert found[prefix]["Prune"] is False
        (key,) = found[prefix]["SourceObjectKeys"]
        assert key.endswith(suffix)


def test_the_deployment_may_write_to_the_airflow_bucket_with_its_key(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    bucket = f"arn:aws-cn:s3:::{settings.prefix}-airflow-111122223333-cn-north-1"
    policy = templates.only("AWS::IAM::Policy", "Custom::CDKBucketDeployment").properties
    statements = policy["PolicyDocument"]["Statement"]
    (on_bucket,) = (one for one in statements if bucket in one["Resource"])
    assert {"s3:PutObject", "s3:DeleteObject*"} <= set(on_bucket["Action"])
    (on_key,) = (one for one in statements if one["Resource"] == "Key.Arn")
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(on_key["Action"])


def test_the_environment_reads_every_part_at_the_version_that_was_deployed(
    templates: Templates,
) -> None:
    properties = environment(templates).properties
    assert properties["DagS3Path"] == "dags/"
    for part, prefix in {
        "Plugins": "plugins/",
        "Requirements": "requirements/",
        "StartupScript": "startup/",
    }.items():
        deployment = f"Airflow/Bundle/{part}/CustomResource"
        assert properties[f"{part}S3Path"] == f"{prefix}{deployment}.SourceObjectKeys[0]"
        version = f"{deployment}.SourceObjectVersionIds[0]"
        assert properties[f"{part}S3ObjectVersion"] == version
        assert deployments(templates)[prefix]["OutputObjectVersionIds"] is True


def test_outputs_say_where_things_are(templates: Templates, settings: EnvironmentSettings) -> None:
    stack = f"{settings.prefix}-airflow"
    assert templates.output(stack, "Environment") == settings.prefix
    assert templates.output(stack, "WebserverUrl") == "Airflow.WebserverUrl"
    assert templates.output(f"{settings.prefix}-storage", "WorkGroup") == settings.prefix
    assert templates.output(f"{settings.prefix}-storage", "Database") == settings.database_name


def test_what_empties_the_bucket_stands_before_anything_is_in_it(dev: Templates) -> None:
    """Otherwise a create that fails half-way cannot roll back."""
    for deployment in dev.of_type("Custom::CDKBucketDeployment"):
        assert "Airflow/Bucket/AutoDeleteObjectsCustomResource" in deployment.depends_on
