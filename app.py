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
from infra.bundle import BundleRefused, build_bundle
from infra.catalog import Catalog
from infra.chosen import environment_settings, with_redshift
from infra.encryption import Encryption
from infra.local.mwaa.model import ConfigurationError
from infra.log_groups import adopt_auto_delete_logs
from infra.models import read_models
from infra.named_queries import read_named_queries
from infra.network import Network
from infra.notifications import Notifications
from infra.operations import Operations, watched_tables
from infra.redshift import Redshift
from infra.settings import EnvironmentSettings, SettingsRefused
from infra.stack import LakeStack
from infra.wheels.offline import requirements_for

REPOSITORY = Path(__file__).resolve().parent
DEFAULT_ENVIRONMENT = "dev"
REFUSALS = (
    SettingsRefused,
    DataSetError,
    ArrivalsRefused,
    BundleRefused,
    ConfigurationError,  # wheels that the lock lacks
    FileExistsError,  # two DAG files of one name
    FileNotFoundError,  # a part of the checkout
)
"""What ends the synthesis with a message, and no traceback."""


def add_environment(app: cdk.App, *, settings: EnvironmentSettings, repository: Path) -> None:
    """Add the stacks of one environment to the app, with the bundle of the checkout."""
    models = read_models(repository / "dags", targets=settings.models_on)
    queries = read_named_queries(
        repository / "infra" / "named_queries",
        data_sets=repository / "dags" / "datasets",
        models=models.nodes,
    )
    bundle = build_bundle(
        repository=repository,
        destination=Path(app.outdir) / "bundle",
        offline=requirements_for(settings.network, repository),
    )

    storage_stack = LakeStack(app, "storage", settings=settings)
    encryption = Encryption(storage_stack, settings=settings)
    storage = LakeStorage(storage_stack, "Storage", encryption=encryption, settings=settings)
    Arrivals(
        storage_stack,
        "Arrivals",
        landing=storage.landing,
        data_sets=data_sets_on_arrival(repository / "dags" / "datasets"),
        encryption=encryption,
        settings=settings,
    )
    catalog = Catalog(
        storage_stack,
        "Catalog",
        encryption=encryption,
        query_results=storage.query_results,
        queries=queries,
        settings=settings,
    )

    notifications = Notifications(
        storage_stack, "Notifications", encryption=encryption, settings=settings
    )

    network_stack = LakeStack(app, "network", settings=settings)
    network = Network(network_stack, "Network", encryption=encryption, settings=settings)

    redshift = None
    if settings.redshift:
        redshift = Redshift(
            LakeStack(app, "redshift", settings=settings),
            "Redshift",
            redshift=settings.redshift,
            storage=storage,
            network=network,
            encryption=encryption,
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
        encryption=encryption,
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
        **encryption.outputs,
        **notifications.outputs,
    )
    airflow_stack.add_outputs(
        AirflowBucket=airflow.bucket.bucket_name,
        Environment=airflow.environment.ref,
        ExecutionRoleArn=airflow.execution_role.role_arn,
        WebserverUrl=airflow.environment.attr_webserver_url,
    )
    for stack in (storage_stack, airflow_stack):
        adopt_auto_delete_logs(stack, encryption=encryption, settings=settings)


def chosen_settings(app: cdk.App) -> EnvironmentSettings:
    """Return the settings that the context's `environment` names.

    `cdk … -c environment=prod` sets it; without it, it is `dev`. `-c redshift=true` adds Redshift
    to the environment and runs its models there too, whatever its settings say.

    Raises:
        SettingsRefused: there is no such environment, or it cannot be what it is said to be.
    """
    settings = environment_settings(app.node.try_get_context("environment") or DEFAULT_ENVIRONMENT)
    redshift = app.node.try_get_context("redshift")
    if redshift not in (None, True, False, "true", "false"):
        raise SettingsRefused(f"-c redshift={redshift}: expected true or false")
    return with_redshift(settings) if redshift in (True, "true") else settings


def main() -> None:
    """Synthesize the chosen environment."""
    app = cdk.App()
    try:
        add_environment(app, settings=chosen_settings(app), repository=REPOSITORY)
    except REFUSALS as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
