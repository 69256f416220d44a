"""The MWAA environment of the lake, with its bucket, role and log groups."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_mwaa as mwaa
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.arrivals import arrival_statements
from infra.buckets import LakeBucket, LakeStorage
from infra.bundle import Bundle
from infra.catalog import Catalog
from infra.deployment import DAGS_PREFIX, BundleDeployment
from infra.encryption import Encryption
from infra.execution_role import ExecutionRole
from infra.lake_formation import LakeFormation, execution_role_statement
from infra.log_groups import LakeLogGroup
from infra.network import EnvironmentEndpoints, Network
from infra.notifications import Notifications
from infra.redshift import Redshift
from infra.secrets_manager import secrets_options, secrets_statements
from infra.settings import EnvironmentSettings, LogSettings
from infra.spark import Spark

LOG_GROUPS = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")
"""The log groups of an environment NAME are called airflow-NAME-<one of these>."""


class AirflowEnvironment(Construct):
    """An MWAA environment that runs `bundle` over the lake's storage and catalog."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bundle: Bundle,
        storage: LakeStorage,
        catalog: Catalog,
        network: Network,
        notifications: Notifications,
        redshift: Redshift | None,
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        airflow = settings.airflow
        self.bucket = LakeBucket(
            self,
            "Bucket",
            purpose="airflow",
            encryption=encryption,
            settings=settings,
            versioned=True,
            # Only under dags/: the environment reads every other part at a version of its own.
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-noncurrent-dags",
                    prefix=DAGS_PREFIX,
                    noncurrent_version_expiration=Duration.days(
                        settings.storage.dags_noncurrent_days
                    ),
                )
            ],
        )
        self.execution_role = ExecutionRole(
            self,
            "ExecutionRole",
            environment_name=settings.prefix,
            airflow_bucket=self.bucket,
            storage=storage,
            catalog=catalog,
            encryption=encryption,
        )
        self.execution_role.permissions.add_statements(*notifications.airflow_statements)
        self.execution_role.permissions.add_statements(
            *secrets_statements(settings=settings, encryption=encryption)
        )
        self.execution_role.permissions.add_statements(*arrival_statements(settings=settings))
        self.spark = None
        if settings.spark:
            self.spark = Spark(
                self,
                "Spark",
                spark=settings.spark,
                airflow_bucket=self.bucket,
                storage=storage,
                encryption=encryption,
                settings=settings,
            )
            self.execution_role.permissions.add_statements(*self.spark.airflow_statements)
        if redshift:
            self.execution_role.permissions.add_statements(*redshift.airflow_statements)
        grants = None
        if settings.lake_formation:
            grants = LakeFormation(
                self,
                "LakeFormation",
                lake_formation=settings.lake_formation,
                storage=storage,
                catalog=catalog,
                execution_role=self.execution_role,
                encryption=encryption,
            )
            self.execution_role.permissions.add_statements(execution_role_statement())
        deployment = BundleDeployment(
            self,
            "Bundle",
            bundle=bundle,
            airflow_bucket=self.bucket,
            with_wheels=settings.network.routing == "private",
            log_group=LakeLogGroup(
                self,
                "DeploymentLogs",
                name=f"/aws/lambda/{settings.prefix}-bundle",
                encryption=encryption,
                settings=settings,
            ),
        )
        customer_endpoints = settings.network.endpoint_management == "CUSTOMER"
        self.environment = mwaa.CfnEnvironment(
            self,
            "Resource",
            name=settings.prefix,
            airflow_version=airflow.version,
            environment_class=airflow.environment_class,
            min_workers=airflow.min_workers,
            max_workers=airflow.max_workers,
            schedulers=airflow.schedulers,
            min_webservers=airflow.min_webservers,
            max_webservers=airflow.max_webservers,
            webserver_access_mode=airflow.webserver_access_mode,
            # Not said where it is the default: to say it later would replace the environment.
            endpoint_management="CUSTOMER" if customer_endpoints else None,
            weekly_maintenance_window_start=airflow.weekly_maintenance_window_start,
            execution_role_arn=self.execution_role.role_arn,
            kms_key=encryption.key_arn,
            network_configuration=mwaa.CfnEnvironment.NetworkConfigurationProperty(
                security_group_ids=[network.security_group.security_group_id],
                subnet_ids=network.subnet_ids,
            ),
            logging_configuration=_logging(airflow.logs),
            worker_replacement_strategy=airflow.worker_replacement,
            source_bucket_arn=self.bucket.bucket_arn,
            dag_s3_path=DAGS_PREFIX,
            plugins_s3_path=deployment.plugins.key,
            plugins_s3_object_version=deployment.plugins.version_id,
            requirements_s3_path=deployment.requirements.key,
            requirements_s3_object_version=deployment.requirements.version_id,
            startup_script_s3_path=deployment.startup_script.key,
            startup_script_s3_object_version=deployment.startup_script.version_id,
            airflow_configuration_options={
                **secrets_options(settings),
                **airflow.options,
                "lake.landing_bucket": storage.landing.bucket_name,
                "lake.curated_bucket": storage.curated.bucket_name,
                "lake.database": catalog.database_name,
                "lake.workgroup": catalog.workgroup_name,
                "lake.arrival_queues": settings.arrival_queues,
                "lake.task_slots": str(airflow.task_slots),
                **notifications.options,
                **settings.metric_options,
                **(self.spark.options if self.spark else {}),
                **(redshift.options if redshift else {}),
            },
        )
        if customer_endpoints:
            EnvironmentEndpoints(
                self,
                "Endpoints",
                environment=self.environment,
                vpc=network.vpc,
                subnet_ids=network.subnet_ids,
                security_group=network.security_group,
                settings=settings,
            )
        # MWAA writes to log groups of these names, and would make them itself without retention.
        log_groups = [
            LakeLogGroup(
                self,
                f"{component}Logs",
                name=f"airflow-{settings.prefix}-{component}",
                encryption=encryption,
                settings=settings,
            )
            for component in LOG_GROUPS
        ]
        # The other parts of the bundle come first by the references to their versions.
        prerequisites = [self.execution_role.permissions, deployment.dags, *log_groups]
        for prerequisite in (*prerequisites, *([grants] if grants else [])):
            self.environment.node.add_dependency(prerequisite)


def _logging(logs: LogSettings) -> mwaa.CfnEnvironment.LoggingConfigurationProperty:
    return mwaa.CfnEnvironment.LoggingConfigurationProperty(
        dag_processing_logs=_module(logs.dag_processing),
        scheduler_logs=_module(logs.scheduler),
        task_logs=_module(logs.task),
        webserver_logs=_module(logs.webserver),
        worker_logs=_module(logs.worker),
    )


def _module(level: str | None) -> mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty:
    # MWAA's API wants a level of a log that it does not keep, too.
    return mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty(
        enabled=level is not None, log_level=level or "CRITICAL"
    )
