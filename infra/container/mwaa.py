"""The MWAA service of the containers: it answers the `mwaa` API, and Airflow's containers."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import Field, ValidationError

from infra.container.configuration import PROXY_PORT
from infra.container.host import ContainersHost
from infra.local.mwaa.api import add_error_answers, airflow_routes, mwaa_routes
from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.service import Service
from infra.local.mwaa.validation import image_version
from infra.local.settings import LocalSettings
from infra.local.supervisor.proxy import Proxy

log = logging.getLogger(__name__)


class ContainerSettings(LocalSettings):
    """The service's settings: those of the laptop, and its secrets."""

    database: str = Field(min_length=1, repr=False)
    """The URL of Airflow's metadata database."""
    broker: str = Field(min_length=1, repr=False)
    """The URL of the queue between scheduler and workers."""
    control_key: str = Field(min_length=16, repr=False)
    """What it shares with the embedded AWS, and with nobody else."""
    users_password: str = Field(min_length=1, repr=False)
    """Of Airflow's users."""

    @property
    def endpoint_url(self) -> str:
        """The container of the embedded AWS."""
        return f"http://aws:{self.aws_port}"


def serve() -> int:
    """Serve until SIGTERM. Raises ConfigurationError where a variable is missing."""
    try:
        settings = ContainerSettings()
    except ValidationError as error:
        names = ", ".join(f"LAKE_{str(each['loc'][0]).upper()}" for each in error.errors())
        raise ConfigurationError(
            f"{names} not set: run `lake compose prepare` before `docker compose up`"
        ) from None
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stdout,
    )
    for chatty in ("httpx", "botocore.credentials"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    uvicorn.run(
        make_app(settings),
        host="0.0.0.0",  # noqa: S104  # of the container; no port of it is published
        port=settings.supervisor_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return 0


def make_app(settings: ContainerSettings) -> FastAPI:
    """The routes: `/mwaa`, `/credentials`, `/tokens` and `/health`."""
    laptop = Laptop(
        settings=settings,
        aws=EmbeddedAws(settings, settings.control_key),
        proxy_url="",
        marker="container:",
    )
    make_host = partial(
        ContainersHost, broker=settings.broker, users_password=settings.users_password
    )
    # The containers were built for one version.
    service = Service(laptop, make_host=make_host, versions=(image_version(),))
    service.load()

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        proxy = Proxy(host="0.0.0.0", port=PROXY_PORT)  # noqa: S104  # as above
        await proxy.start()
        resuming = asyncio.create_task(_resume(service, settings))
        yield
        resuming.cancel()
        await asyncio.gather(*(each.close() for each in service.environments.values()))
        proxy.stop()

    app = FastAPI(
        title="mwaa-lake", docs_url=None, redoc_url=None, openapi_url=None, lifespan=running
    )
    add_error_answers(app)
    app.include_router(mwaa_routes(service, settings.control_key))
    app.include_router(airflow_routes(service))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "healthy"}

    return app


async def _resume(service: Service, settings: ContainerSettings) -> None:
    """Go on with the environment that was deployed, as soon as the embedded AWS answers."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while not await _answers(client, f"{settings.endpoint_url}/_ministack/health"):
            await asyncio.sleep(1)
    service.resume()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False
