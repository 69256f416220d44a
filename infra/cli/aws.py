"""The embedded AWS as a client sees it: its address, its credentials, its clients."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from infra.cli.steps import console
from infra.local.settings import LocalSettings

ROOT_KEY = "test"
"""The access key and the secret of the embedded account's root user."""


def aws_environment(settings: LocalSettings) -> dict[str, str]:
    """The variables that point `aws`, boto3 and `cdk` at the embedded AWS, and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        # The real service answers at api.<host> and env.<host>; on the laptop there is one host.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def print_exports(settings: LocalSettings) -> None:
    """Print those variables as a shell takes them."""
    console.print("AWS clients")
    for name, value in aws_environment(settings).items():
        console.print(f"  export {name}={value}")


def process_environment(settings: LocalSettings, **more: str) -> dict[str, str]:
    """This process's environment, its AWS variables replaced by those of the embedded AWS."""
    inherited: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    }
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    # A proxy of the shell must not see the calls, nor a bundle of certificates matter to them.
    return {**inherited, **no_files, **aws_environment(settings), "NO_PROXY": "127.0.0.1", **more}


def client(service: Any, settings: LocalSettings) -> Any:
    """A boto3 client of the embedded AWS."""
    return boto3.client(
        service,
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
        config=Config(
            inject_host_prefix=False,
            proxies={},
            retries={"mode": "standard", "max_attempts": 8},
            s3={"addressing_style": "path"},
        ),
    )
