"""The environments of the lake: one frozen entry each, which differ by value only."""

from __future__ import annotations

from infra.delivery.settings import DeliverySettings, DeploymentSettings
from infra.settings import (
    AirflowSettings,
    AthenaSettings,
    EnvironmentSettings,
    NetworkSettings,
    NewVpc,
    NotificationSettings,
    OperationsSettings,
    SparkSettings,
    StorageSettings,
    by_name,
)

DEV = EnvironmentSettings(
    name="dev",
    keep_data=False,
    termination_protection=False,
    log_retention_days=7,
    storage=StorageSettings(
        landing_noncurrent_days=7,
        archive_days=30,
        query_results_days=7,
        dags_noncurrent_days=7,
    ),
    athena=AthenaSettings(scan_limit_bytes=10 * 1024**3),
    notifications=NotificationSettings(inbox=True),
    network=NetworkSettings(vpc=NewVpc(nat_gateways=1, flow_logs=False)),
    # A person tries things here: many tasks fail, and files of bad records are put.
    operations=OperationsSettings(quarantine_ratio=0.1, task_failures=20),
    airflow=AirflowSettings(
        environment_class="mw1.small",
        min_workers=1,
        max_workers=2,
        schedulers=2,
        min_webservers=2,
        max_webservers=2,
        webserver_access_mode="PUBLIC_ONLY",
        options={
            # A killed task is noticed after 30 to 35 s, and tried again 10 s later.
            "scheduler.task_instance_heartbeat_timeout": "30",
            "scheduler.task_instance_heartbeat_timeout_detection_interval": "5",
            # The tasks of a killed scheduler are adopted by another one, or by the next.
            "scheduler.orphaned_tasks_check_interval": "15",
            "core.default_task_retries": "2",
            "core.default_task_retry_delay": "10",
            # A DAG file is parsed as soon as a refresh sees it changed …
            "dag_processor.refresh_interval": "5",
            "dag_processor.bundle_refresh_check_interval": "2",
            # … and, for what it imports and for its data set, at this interval.
            "dag_processor.min_file_process_interval": "10",
        },
    ),
)

PROD = EnvironmentSettings(
    name="prod",
    keep_data=True,
    termination_protection=True,
    log_retention_days=90,
    storage=StorageSettings(
        landing_noncurrent_days=30,
        archive_days=1095,
        archive_rarely_read_days=90,
        query_results_days=30,
        dags_noncurrent_days=90,
        access_logs_days=90,
    ),
    athena=AthenaSettings(scan_limit_bytes=1024**4),
    network=NetworkSettings(vpc=NewVpc(nat_gateways=2)),
    # A budget needs somebody to tell: budget_usd_a_month=500, budget_addresses=("…",).
    operations=OperationsSettings(),
    spark=SparkSettings(most_vcpus=64, most_memory_gb=256),
    airflow=AirflowSettings(
        environment_class="mw1.medium",
        min_workers=2,
        max_workers=10,
        schedulers=2,
        min_webservers=2,
        max_webservers=4,
        webserver_access_mode="PRIVATE_ONLY",
        options={
            "scheduler.task_instance_heartbeat_timeout": "120",
            "scheduler.task_instance_heartbeat_timeout_detection_interval": "10",
            "scheduler.orphaned_tasks_check_interval": "60",
            "core.default_task_retries": "3",
            "core.default_task_retry_delay": "60",
            "dag_processor.refresh_interval": "30",
            "dag_processor.min_file_process_interval": "30",
        },
    ),
)

ENVIRONMENTS = by_name(DEV, PROD)

DELIVERY = DeliverySettings(
    deployments=(
        DeploymentSettings(environment="dev", github_environment="dev"),
        DeploymentSettings(environment="prod", github_environment="prod"),
    ),
)
"""From where GitHub Actions deploy them (docs/delivery.md)."""
