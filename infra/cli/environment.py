"""A deployed environment, as its own services describe it."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from infra.chosen import environment_settings
from infra.cli.aws import ROOT_KEY, client
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class DeployedEnvironment:
    """Names that the commands need, read from the MWAA environment's configuration options."""

    name: str
    webserver_url: str
    landing_bucket: str
    curated_bucket: str
    database: str
    workgroup: str
    models_on: tuple[str, ...] = ("athena",)
    """The targets of the models."""
    redshift_workgroup: str = ""
    redshift_database: str = ""
    """Both empty where the environment has no Redshift."""

    @classmethod
    def read(cls, environment: str, settings: LocalSettings) -> Self:
        """Read it from MWAA.

        Raises:
            Failed: it is not deployed, or the embedded AWS is not up.
        """
        name = environment_settings(environment).prefix
        require_listener(settings)
        described = describe(name, settings)
        if described is None:
            raise Failed(f"the environment {environment} is not deployed: run `lake up`")
        options = described["AirflowConfigurationOptions"]
        return cls(
            name=name,
            webserver_url=f"http://{described['WebserverUrl']}",
            landing_bucket=options["lake.landing_bucket"],
            curated_bucket=options["lake.curated_bucket"],
            database=options["lake.database"],
            workgroup=options["lake.workgroup"],
            models_on=tuple(options.get("lake.models_on", "athena").split(",")),
            redshift_workgroup=options.get("lake.redshift_workgroup", ""),
            redshift_database=options.get("lake.redshift_database", ""),
        )


def require_listener(settings: LocalSettings) -> None:
    """Ask once, before a client that would try again and again does."""
    try:
        socket.create_connection(("127.0.0.1", settings.aws_port), timeout=5).close()
    except OSError as error:
        raise Failed(f"no embedded AWS at {settings.endpoint_url}: run `lake up`") from error


def describe(name: str, settings: LocalSettings) -> dict[str, Any] | None:
    """The MWAA environment as the service describes it, or None where there is none.

    Raises:
        Failed: the embedded AWS does not answer.
    """
    try:
        answer = client("mwaa", settings).get_environment(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    except BotoCoreError as error:
        raise Failed(
            f"the embedded AWS does not answer at {settings.endpoint_url}: run `lake up` ({error})"
        ) from error
    return dict(answer["Environment"])


def reset_database(name: str, settings: LocalSettings) -> None:
    """Start to make the metadata database of an MWAA environment anew; MWAA has no such call.

    Raises:
        Failed: the environment is not there or not AVAILABLE, or the embedded AWS does not answer.
    """
    url = f"{settings.endpoint_url}/reset-database/{name}"
    call = AWSRequest("POST", url)
    SigV4Auth(Credentials(ROOT_KEY, ROOT_KEY), "airflow", settings.region).add_auth(call)
    try:
        answer = httpx.post(
            url, headers=dict(call.headers), trust_env=False, timeout=TIMEOUT_SECONDS
        )
    except httpx.TransportError as error:
        raise Failed(f"no embedded AWS at {settings.endpoint_url}: run `lake up`") from error
    if answer.is_error:
        raise Failed(answer.json()["message"])


def wait_until_available(name: str, settings: LocalSettings, *, timeout_seconds: float) -> None:
    """Wait until the environment is AVAILABLE.

    Raises:
        Failed: it failed, with its reason, or did not come up in time.
    """
    deadline = time.monotonic() + timeout_seconds
    status = "missing"
    while time.monotonic() < deadline:
        described = describe(name, settings)
        status = described["Status"] if described else "missing"
        if status == "AVAILABLE":
            return
        if described is None or status.endswith("FAILED"):
            reason = (described or {}).get("LastUpdate", {}).get("Error", {}).get("ErrorMessage")
            raise Failed(f"the MWAA environment {name} is {status}: {reason or 'no reason given'}")
        time.sleep(0.5)
    raise Failed(f"the MWAA environment {name} is {status} after {timeout_seconds:.0f} s")
