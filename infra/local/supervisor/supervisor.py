"""The supervisor: everything that runs on the laptop, started and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import uvicorn

from infra.local.mwaa.airflow import ADMIN
from infra.local.mwaa.commands import CommandError
from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.service import Service
from infra.local.settings import REPOSITORY, LocalSettings
from infra.local.supervisor import ports
from infra.local.supervisor.component import Command, Component, ComponentState
from infra.local.supervisor.processes import home_marker, kill_marked
from infra.local.supervisor.proxy import Proxy
from infra.local.supervisor.secrets import SecretFolder
from infra.local.supervisor.server import make_server
from infra.local.supervisor.status import ComponentStatus, EnvironmentStatus, SupervisorStatus

EMULATOR = "aws"
EMULATOR_READY_SECONDS = 120.0

log = logging.getLogger(__name__)


class Supervisor:
    """One run of the supervisor over one home folder."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._since = time.time()
        self._ready = False
        self._proxy = Proxy()
        self._marker = f"{home_marker(settings.home)}{secrets.token_hex(4)}:"
        self._secrets = SecretFolder(settings.home / "state")
        self._emulator = Component(self._emulator_command(), marker=self._marker)

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises PortTakenError before anything is started."""
        await self._end_leftovers()
        settings = self._settings
        ports.require_free(settings.aws_port, purpose="the embedded AWS", setting="LAKE_AWS_PORT")
        listening = ports.bind(
            settings.supervisor_port, purpose="the supervisor", setting="LAKE_SUPERVISOR_PORT"
        )
        async with self._guarded():
            await self._proxy.start()
            service = self._make_service()
            service.load()
            async with self._serving(service, listening):
                stop = _stop_on_signals()
                await self._emulator.start()
                starting = [
                    asyncio.create_task(self._resume(service)),
                    asyncio.create_task(self._prepare(service)),
                ]
                await stop.wait()
                log.info("stopping")
                for task in starting:
                    task.cancel()
                await asyncio.gather(*(e.close() for e in service.environments.values()))
                await self._emulator.stop()
            self._proxy.stop()
        log.info("stopped")

    async def _end_leftovers(self) -> None:
        """End what an earlier supervisor left, should its guard have been killed as well."""
        left = await asyncio.to_thread(kill_marked, home_marker(self._settings.home))
        if left:
            log.warning("killed %d processes of an earlier supervisor", left)

    @contextlib.asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Run the guard, which ends all processes of this run when this process is gone."""
        guard = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "infra.local.supervisor.guard",
            self._marker,
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield
        finally:
            assert guard.stdin  # noqa: S101  # it is a pipe
            guard.stdin.close()
            await guard.wait()

    @contextlib.asynccontextmanager
    async def _serving(self, service: Service, listening: socket.socket) -> AsyncIterator[None]:
        app = make_server(
            service=service,
            control_key=self._secrets.get("control-key"),
            status_token=self._secrets.get("status-token"),
            status=lambda: self._status(service),
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    async def _resume(self, service: Service) -> None:
        """Resume the environments as soon as the embedded AWS answers."""
        url = f"{self._settings.endpoint_url}/_ministack/health"
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            while not await _answers(client, url):
                await asyncio.sleep(0.05)
        log.info("the embedded AWS answers at %s", self._settings.endpoint_url)
        service.resume()
        self._ready = True

    async def _prepare(self, service: Service) -> None:
        try:
            await service.laptop.prepare()
        except (CommandError, ConfigurationError) as error:
            log.warning("Airflow could not be prepared beforehand: %s", error)

    def _make_service(self) -> Service:
        return Service(
            Laptop(
                settings=self._settings,
                aws=EmbeddedAws(self._settings, self._secrets.get("control-key")),
                proxy_url=self._proxy.url,
                marker=self._marker,
            )
        )

    def _emulator_command(self) -> Command:
        settings = self._settings
        return Command(
            name=EMULATOR,
            argv=[str(settings.emulator_python), "-m", "infra.local.emulator"],
            environment={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(settings.home / "state"),
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "PYTHONPATH": str(REPOSITORY),
                "PYTHONUNBUFFERED": "1",
                "LAKE_AWS_PORT": str(settings.aws_port),
                "LAKE_STATE_DIR": str(settings.home.resolve() / "state" / "aws"),
                "LAKE_ACCOUNT_ID": settings.account_id,
                "LAKE_REGION": settings.region,
                "LAKE_SUPERVISOR_URL": settings.supervisor_url,
                "LAKE_CONTROL_KEY": self._secrets.get("control-key"),
            },
            folder=REPOSITORY,
            log_path=settings.home / "logs" / f"{EMULATOR}.log",
        )

    def _status(self, service: Service) -> SupervisorStatus:
        environments = service.environments.values()
        components = [self._emulator, *(c for e in environments for c in e.host.components)]
        return SupervisorStatus(
            pid=os.getpid(),
            since=self._since,
            endpoint_url=self._settings.endpoint_url,
            ready=self._ready and self._emulator.state is ComponentState.RUNNING,
            components=[_describe_component(component) for component in components],
            environments=[
                _describe_environment(environment, service.laptop.users_password)
                for environment in environments
            ],
        )


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


def _describe_component(component: Component) -> ComponentStatus:
    return ComponentStatus(
        name=component.name,
        state=component.state,
        pid=component.pid,
        restarts=component.restarts,
        since=component.since,
        last_exit=component.last_exit,
        log=str(component.command.log_path),
    )


def _describe_environment(environment: Environment, password: str) -> EnvironmentStatus:
    record = environment.record
    error = record.last_update.error
    return EnvironmentStatus(
        name=record.name,
        status=record.status,
        url=f"http://{record.web_server}",
        username=ADMIN,
        password=password,
        logs=str(environment.host.logs),
        error=environment.problem or (error.error_message if error else ""),
    )


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def prepare_home(home: Path) -> None:
    """Make the home folder and its parts, closed to other users."""
    home.mkdir(parents=True, exist_ok=True)
    for part in ("logs", "state"):
        (home / part).mkdir(exist_ok=True, mode=0o700)
