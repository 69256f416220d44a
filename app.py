"""The CDK app: one environment of the lake, `dev` or the one that `-c environment=NAME` names."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk
from lake.dataset import DataSetError

from infra.airflow import AirflowEnvironment
from infra.arrivals import Arrivals
from infra.arriving import ArrivalsRefused, data_sets_on_arrival
from infra.buckets import LakeStorage
from infra.bundle import build_bundle
from infra.catalog import Catalog
from infra.encryption import EncryptionKey
from infra.environments import UnknownEnvironmentError, environment_settings
from infra.local.mwaa.model import ConfigurationError
from infra.log_groups import adopt_auto_delete_logs
from infra.models import read_models
from infra.network import Network
from infra.notifications import Notifications
from infra.operations import Operations, watched_tables
from infra.redshift import Redshift
from infra.settings import EnvironmentSettings
from infra.stack import LakeStack
from infra.wheels.offline import requirements_for

REPOSITORY = Path(__file__).resolve().parent
DEFAULT_ENVIRONMENT = "dev"


def add_environment(app: cdk.App, *, settings: EnvironmentSettings, repository: Path) -> None:
    """Add the stacks of one environment to the app, with the bundle of the checkout."""
    models = read_models(repository / "dags", targets=settings.models_on)
    bundle = build_bundle(
        repository=repository,
        destination=Path(app.outdir) / "bundle",
        offline=requirements_for(settings.network, repository),
    )

    storage_stack = LakeStack(app, "storage", settings=settings)
    key = EncryptionKey(storage_stack, "Key", settings=settings)
    storage = LakeStorage(storage_stack, "Storage", key=key, settings=settings)
    Arrivals(
        storage_stack,
        "Arrivals",
        landing=storage.landing,
        data_sets=data_sets_on_arrival(repository / "dags" / "datasets"),
        key=key,
        settings=settings,
    )
    catalog = Catalog(
        storage_stack,
        "Catalog",
        key=key,
        query_results=storage.query_results,
        settings=settings,
    )

    notifications = Notifications(storage_stack, "Notifications", key=key, settings=settings)

    network_stack = LakeStack(app, "network", settings=settings)
    network = Network(network_stack, "Network", key=key, settings=settings)

    redshift = None
    if settings.redshift:
        redshift = Redshift(
            LakeStack(app, "redshift", settings=settings),
            "Redshift",
            redshift=settings.redshift,
            storage=storage,
            network=network,
            key=key,
            settings=settings,
        )

    airflow_stack = LakeStack(app, "airflow", settings=settings)
    airflow = AirflowEnvironment(
        airflow_stack,
        "Airflow",
        bundle=bundle,
        storage=storage,
        catalog=catalog,
        network=network,
        notifications=notifications,
        redshift=redshift,
        key=key,
        settings=settings,
    )
    # The routes of the private subnets are no part of a reference, and have to stand before.
    airflow_stack.add_stack_dependency(network_stack)

    if settings.operations.asked_for:
        operations_stack = LakeStack(app, "operations", settings=settings)
        operations = Operations(
            operations_stack,
            "Operations",
            topic=notifications.topic,
            tables=watched_tables(repository / "dags" / "datasets", models),
            settings=settings,
        )
        # An environment that is still being created has no heartbeat.
        operations_stack.add_stack_dependency(airflow_stack)
        operations_stack.add_outputs(**operations.outputs)

    storage_stack.add_outputs(
        LandingBucket=storage.landing.bucket_name,
        CuratedBucket=storage.curated.bucket_name,
        QueryResultsBucket=storage.query_results.bucket_name,
        Database=catalog.database_name,
        WorkGroup=catalog.workgroup_name,
        KeyArn=key.key_arn,
        **notifications.outputs,
    )
    airflow_stack.add_outputs(
        AirflowBucket=airflow.bucket.bucket_name,
        Environment=airflow.environment.ref,
        ExecutionRoleArn=airflow.execution_role.role_arn,
        WebserverUrl=airflow.environment.attr_webserver_url,
    )
    for stack in (storage_stack, airflow_stack):
        adopt_auto_delete_logs(stack, key=key, settings=settings)


def chosen_settings(app: cdk.App) -> EnvironmentSettings:
    """Return the settings that the context's `environment` names, or raise UnknownEnvironmentError.

    `cdk … -c environment=prod` sets it; without it, it is `dev`. `-c redshift=true` adds Redshift
    to the environment and runs its models there too, whatever its settings say.
    """
    settings = environment_settings(app.node.try_get_context("environment") or DEFAULT_ENVIRONMENT)
    wanted = app.node.try_get_context("redshift") in (True, "true")
    return settings.on_redshift() if wanted else settings


def main() -> None:
    """Synthesize the chosen environment."""
    app = cdk.App()
    try:
        add_environment(app, settings=chosen_settings(app), repository=REPOSITORY)
    except (UnknownEnvironmentError, DataSetError, ArrivalsRefused, ConfigurationError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
