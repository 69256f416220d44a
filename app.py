"""The CDK app: one environment of the lake, `dev` or the one that `-c environment=NAME` names."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk

from infra.airflow import AirflowEnvironment
from infra.buckets import LakeStorage
from infra.bundle import build_bundle
from infra.catalog import Catalog
from infra.encryption import EncryptionKey
from infra.log_groups import keep_auto_delete_logs
from infra.network import Network
from infra.settings import EnvironmentSettings, environment_settings

REPOSITORY = Path(__file__).resolve().parent
DEFAULT_ENVIRONMENT = "dev"


def lake_stack(app: cdk.App, part: str, *, settings: EnvironmentSettings) -> cdk.Stack:
    """Return the empty stack `lake-<environment>-<part>`."""
    return cdk.Stack(
        app,
        f"{settings.prefix}-{part}",
        description=f"Data lake on Amazon MWAA: {part} of the environment {settings.name}",
        env=cdk.Environment(account=settings.account, region=settings.region),
        termination_protection=settings.termination_protection,
        tags={"lake": settings.prefix},
    )


def add_outputs(stack: cdk.Stack, **values: str) -> None:
    """Give the stack an output for each of `values`, under its name."""
    for name, value in values.items():
        cdk.CfnOutput(stack, name, value=value)


def add_environment(app: cdk.App, *, settings: EnvironmentSettings) -> None:
    """Add the stacks of one environment to the app."""
    bundle = build_bundle(repository=REPOSITORY, destination=Path(app.outdir) / "bundle")

    storage_stack = lake_stack(app, "storage", settings=settings)
    key = EncryptionKey(storage_stack, "Key", settings=settings).key
    storage = LakeStorage(storage_stack, "Storage", key=key, settings=settings)
    catalog = Catalog(
        storage_stack,
        "Catalog",
        key=key,
        query_results=storage.query_results,
        settings=settings,
    )

    network_stack = lake_stack(app, "network", settings=settings)
    network = Network(network_stack, "Network", settings=settings)

    airflow_stack = lake_stack(app, "airflow", settings=settings)
    airflow = AirflowEnvironment(
        airflow_stack,
        "Airflow",
        bundle=bundle,
        storage=storage,
        catalog=catalog,
        network=network,
        key=key,
        settings=settings,
    )
    # The routes of the private subnets are no part of a reference, and have to stand before.
    airflow_stack.add_stack_dependency(network_stack)

    add_outputs(
        storage_stack,
        LandingBucket=storage.landing.bucket_name,
        CuratedBucket=storage.curated.bucket_name,
        QueryResultsBucket=storage.query_results.bucket_name,
        Database=catalog.database_name,
        WorkGroup=catalog.workgroup_name,
        KeyArn=key.key_arn,
    )
    add_outputs(
        airflow_stack,
        AirflowBucket=airflow.bucket.bucket_name,
        Environment=airflow.environment.ref,
        ExecutionRoleArn=airflow.execution_role.role.role_arn,
        WebserverUrl=airflow.environment.attr_webserver_url,
    )
    for stack in (storage_stack, airflow_stack):
        keep_auto_delete_logs(stack, key=key, settings=settings)


def main() -> None:
    """Synthesize the environment that the CDK's context names."""
    app = cdk.App()
    name = app.node.try_get_context("environment") or DEFAULT_ENVIRONMENT
    add_environment(app, settings=environment_settings(name))
    app.synth()


if __name__ == "__main__":
    main()
