"""What the MWAA service checks before it creates or updates an environment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from botocore.exceptions import ClientError

from infra.airflow_versions import UnsupportedStep, check_step, is_downgrade, parts
from infra.local.mwaa.credentials import EmbeddedAws, ExecutionRole
from infra.local.mwaa.model import ApiError, ConfigurationError, EnvironmentClass, Properties
from infra.local.settings import REPOSITORY

IMAGE_LOCK = REPOSITORY / "requirements" / "locks" / "mwaa-image.txt"
"""The packages of MWAA's image, pinned and hashed."""

REFUSED_OPTIONS = {
    "api.base_url",
    "api.host",
    "api.port",
    "api.secret_key",
    "api_auth.jwt_secret",
    "celery.broker_url",
    "celery.celery_config_options",
    "celery.result_backend",
    "core.auth_manager",
    "core.dags_folder",
    "core.execution_api_server_url",
    "core.executor",
    "core.fernet_key",
    "core.load_examples",
    "core.multi_team",
    "core.plugins_folder",
    "core.sql_alchemy_conn",
    "database.sql_alchemy_conn",
    "execution_api.jwt_expiration_time",
    "fab.config_file",
    "logging.base_log_folder",
    "logging.logging_config_class",
    "operators.default_queue",
    "scheduler.standalone_dag_processor",
    "triggerer.queues_enabled",
    "webserver.base_url",
    "webserver.secret_key",
}
"""Options that MWAA sets itself, or does not support.

Source: Amazon MWAA user guide, "Using Apache Airflow configuration options" and "Using a startup
script" (reserved variables); the public images, which force these values.
"""
METRICS_OPTIONS = {
    "metrics.statsd_on",
    "metrics.metrics_allow_list",
    "metrics.metrics_block_list",
}
"""The only options of the section `metrics` that MWAA lets through."""


@cache
def image_version() -> str:
    """The version of Airflow in the image that the bundle's requirements are resolved for."""
    pin = re.search(r"^apache-airflow==(\S+)", IMAGE_LOCK.read_text(), re.MULTILINE)
    if not pin:
        raise RuntimeError(f"{IMAGE_LOCK} does not pin apache-airflow")
    return pin[1]


def airflow_version(properties: Properties) -> str:
    """The version of Airflow that an environment runs."""
    return properties.airflow_version or image_version()


def image_lock(version: str) -> Path:
    """The packages of MWAA's image of a version of Airflow, pinned and hashed."""
    if version == image_version():
        return IMAGE_LOCK
    return IMAGE_LOCK.with_name(f"mwaa-image-{version}.txt")


@cache
def versions_here() -> tuple[str, ...]:
    """The versions of Airflow that an environment of the laptop may have, in their order."""
    others = (
        path.stem.removeprefix("mwaa-image-") for path in IMAGE_LOCK.parent.glob("mwaa-image-*.txt")
    )
    return tuple(sorted({*others, image_version()}, key=parts))


def check_request(properties: Properties, *, versions: Collection[str] | None = None) -> None:
    """What can be said without looking at the account. Raises ApiError (ValidationException).

    `versions` are those of Airflow that are there; None: all of the laptop's.
    """
    problems = [
        *_version_problems(properties, versions or versions_here()),
        *_size_problems(properties),
        *_option_problems(properties),
        *_path_problems(properties),
    ]
    if problems:
        raise ApiError("ValidationException", "; ".join(problems))


def _version_problems(properties: Properties, versions: Collection[str]) -> list[str]:
    if properties.airflow_version is None or properties.airflow_version in versions:
        return []
    return [
        f"AirflowVersion: {properties.airflow_version} is not on this laptop, which has "
        f"{', '.join(versions)}"
    ]


def check_update(current: Properties, requested: Properties, *, was_forced: bool) -> None:
    """What MWAA refuses of an update. Raises ApiError (ValidationException).

    `was_forced` says whether an update has replaced the workers by force before.
    """
    before, after = airflow_version(current), airflow_version(requested)
    try:
        check_step(before, after)
    except UnsupportedStep as error:
        raise ApiError("ValidationException", f"AirflowVersion: {error}") from None
    if is_downgrade(before, after):
        raise ApiError(
            "ValidationException",
            f"AirflowVersion: back from {before} to {after}, which MWAA offers, is not on this "
            "laptop: use a second environment",
        )
    if requested.worker_replacement_strategy == "GRACEFUL" and not was_forced:
        raise ApiError(
            "ValidationException",
            "WorkerReplacementStrategy: GRACEFUL needs one update with FORCED before it",
        )


def _size_problems(properties: Properties) -> list[str]:
    problems = []
    low, high = (1, 1) if properties.environment_class is EnvironmentClass.MICRO else (2, 5)
    counts = {
        "Schedulers": properties.schedulers,
        "MinWebservers": properties.min_webservers,
        "MaxWebservers": properties.max_webservers,
    }
    for name, count in counts.items():
        if count is not None and not low <= count <= high:
            expected = f"{low}" if low == high else f"{low} to {high}"
            problems.append(f"{name}: {expected} for {properties.environment_class}, not {count}")
    ranges = [
        ("Workers", properties.min_workers, properties.max_workers),
        ("Webservers", properties.min_webservers or low, properties.max_webservers or high),
    ]
    problems += [
        f"Min{name}: {least} is more than Max{name}, {most}"
        for name, least, most in ranges
        if least > most
    ]
    return problems


def _option_problems(properties: Properties) -> list[str]:
    problems = []
    for option in properties.airflow_configuration_options:
        if "." not in option:
            problems.append(f"AirflowConfigurationOptions: {option} is not section.key")
        elif refuses_option(option):
            problems.append(f"AirflowConfigurationOptions: {option} is set by MWAA itself")
    return problems


def refuses_option(option: str) -> bool:
    """Whether MWAA keeps the configuration option `section.key` for itself."""
    return option in REFUSED_OPTIONS or (
        option.startswith("metrics.") and option not in METRICS_OPTIONS
    )


def _path_problems(properties: Properties) -> list[str]:
    pairs = [
        ("Plugins", properties.plugins_s3_path, properties.plugins_s3_object_version),
        (
            "Requirements",
            properties.requirements_s3_path,
            properties.requirements_s3_object_version,
        ),
        (
            "StartupScript",
            properties.startup_script_s3_path,
            properties.startup_script_s3_object_version,
        ),
    ]
    return [
        f"{name}S3ObjectVersion is given without {name}S3Path"
        for name, path, version in pairs
        if version and not path
    ]


async def check_account(properties: Properties, role: ExecutionRole, aws: EmbeddedAws) -> None:
    """Role, bucket and subnets as they are in the account. Raises ConfigurationError."""
    s3 = await role.s3()
    bucket = properties.source_bucket
    try:
        versioning = await asyncio.to_thread(s3.get_bucket_versioning, Bucket=bucket)
        access = await asyncio.to_thread(s3.get_public_access_block, Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration":
            raise ConfigurationError(f"The bucket {bucket} must block all public access") from error
        raise ConfigurationError(
            f"The execution role {role.arn} cannot read the bucket {bucket}: {error}"
        ) from error
    if versioning.get("Status") != "Enabled":
        raise ConfigurationError(f"The bucket {bucket} must have versioning enabled")
    if not all(access["PublicAccessBlockConfiguration"].values()):
        raise ConfigurationError(f"The bucket {bucket} must block all public access")
    await asyncio.to_thread(_check_subnets, properties, aws)


def _check_subnets(properties: Properties, aws: EmbeddedAws) -> None:
    wanted = properties.network_configuration.subnet_ids
    try:
        found = aws.ec2().describe_subnets(SubnetIds=wanted)["Subnets"]
    except ClientError as error:
        raise ConfigurationError(f"The subnets {wanted} cannot be used: {error}") from error
    zones = {subnet["AvailabilityZone"] for subnet in found}
    if len(zones) != len(wanted):
        raise ConfigurationError(f"The subnets {wanted} must be in different availability zones")
