"""The service `mwaa` as a process of this machine: `python -m tests.embedded.container.service`.

Its argument is the folder of the volumes. The database and Airflow's web server are played; the
rest is what runs in the container.
"""

from __future__ import annotations

import asyncio
import datetime
import sys
from pathlib import Path

import pytest
import uvicorn

from infra.container import deployed, host, mwaa
from infra.local.mwaa.database import SetUp
from infra.local.mwaa.webserver import WebServer


class Settings(mwaa.ContainerSettings):
    """The embedded AWS is another process of this machine."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"


def play(volumes: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the volumes there; write into the file `databases` what is done to the database."""

    async def healthy(_: WebServer, *, since: datetime.datetime) -> list[str]:
        assert since.tzinfo
        return []

    async def set_up(_: SetUp, image: Path, url: str, *arguments: str) -> None:
        with (volumes / "databases").open("a") as log:
            log.write(f"{image.name} {' '.join((url, *arguments))}\n")
        while (volumes / "slow").exists():
            await asyncio.sleep(0.05)

    async def empty_queue(url: str) -> None:
        assert url.startswith("redis:")

    put_volumes(volumes, patch)
    patch.setattr(mwaa, "PROXY_PORT", 0)
    patch.setattr(WebServer, "unhealthy_parts", healthy)
    patch.setattr(SetUp, "run", set_up)
    patch.setattr(host, "empty_queue", empty_queue)


def put_volumes(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the volumes of the containers be in `folder`, for this process."""
    patch.setattr(deployed, "VOLUME", folder / "environment")
    patch.setattr(host, "VOLUME", folder / "environment")
    patch.setattr(deployed, "DOCUMENT", folder / "environment" / "environment.json")
    patch.setattr(deployed, "REPORTS", folder / "reports")


if __name__ == "__main__":
    play(Path(sys.argv[1]), pytest.MonkeyPatch())
    settings = Settings()
    uvicorn.run(mwaa.make_app(settings), port=settings.supervisor_port, log_config=None)
