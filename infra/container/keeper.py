"""Keeps a container's component in step with the environment that is deployed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import urllib.request
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from infra.container.components import Component
from infra.container.configuration import (
    BundleSource,
    Secrets,
    component_environment,
    deployed_environment,
    pages_environment,
    proxy_environment,
)
from infra.container.deployed import (
    AIRFLOW_HOME,
    MOUNTED,
    POLL_SECONDS,
    Deployed,
    Report,
    awaited,
)
from infra.container.health import MONITOR
from infra.container.preparation import link, prepare
from infra.local.mwaa.commands import Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.supervisor.processes import kill_marked, marked

MARKER = "container:"
STOP_SECONDS = 50.0
"""A worker that is told to end lets its tasks end for so long: less than `stop_grace_period`."""


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Runs a component for one deployment after the other."""

    name: str
    component: Component
    mwaa_component: str
    base: Mapping[str, str]
    """The container's own variables, without its secrets."""
    secrets: Secrets
    source: BundleSource

    async def run(self) -> int:
        """Run until SIGTERM, or until the component ends by itself: its exit code.

        Raises ConfigurationError with the reason when the mounted bundle cannot be run; where the
        bundle is the bucket's, the next deployment is waited for.
        """
        current = asyncio.current_task()
        assert current  # noqa: S101  # asyncio runs this
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, current.cancel)
        try:
            while True:
                deployed = await self._deployed()
                self._say(f"runs {deployed.name}, generation {deployed.generation}")
                code = await self._run(deployed)
                if code is not None:
                    return code
        except asyncio.CancelledError:
            return 0

    async def _deployed(self) -> Deployed:
        """What is deployed, as soon as something is."""
        if not Deployed.read():
            self._say(f"waits {awaited()}")
        while not (deployed := Deployed.read()):
            await asyncio.sleep(POLL_SECONDS)
        return deployed

    async def _run(self, deployed: Deployed) -> int | None:
        """Run this deployment; the exit code, or None as soon as another one is wanted."""
        try:
            environment = await self._prepare(deployed)
        except ConfigurationError as error:
            report = self._report(deployed, problem=str(error))
            if self.source is BundleSource.REPOSITORY:
                raise
            self._say(f"cannot start: {error}")
            while _is_wanted(deployed):
                report.repeat()
                await asyncio.sleep(POLL_SECONDS)
            return None
        if self.name != "api-server":
            await _until_api_server_answers(deployed)
        if not _is_wanted(deployed):
            return None
        async with _running(["airflow", *self.component.arguments], environment) as process:
            report = self._report(deployed)
            while _is_wanted(deployed):
                report.repeat()
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(process.wait(), POLL_SECONDS)
        return None

    async def _prepare(self, deployed: Deployed) -> dict[str, str]:
        """Make the bundle ready; the environment of the component's process."""
        bundle = MOUNTED
        if self.source is BundleSource.BUCKET:
            bundle = deployed.bundle()
            link(bundle)
        base = {**self.base, **deployed_environment(deployed)}
        exported = await prepare(
            bundle,
            mwaa_component=self.mwaa_component,
            environment=base,
            runner=Runner(marker=MARKER),
        )
        environment = component_environment(
            base, exported, self.secrets, options=deployed.options, bundle=bundle
        )
        pages = pages_environment(deployed) if self.name == "api-server" else {}
        return {**environment, **proxy_environment(), **pages}

    def _say(self, text: str) -> None:
        print(self.name, text, flush=True)

    def _report(self, deployed: Deployed, *, problem: str = "") -> Report:
        report = Report(
            component=self.name,
            container=socket.gethostname(),
            generation=deployed.generation,
            problem=problem,
        )
        report.write()
        return report


def _is_wanted(deployed: Deployed) -> bool:
    current = Deployed.read()
    return current is not None and current.generation == deployed.generation


async def _until_api_server_answers(deployed: Deployed) -> None:
    """Wait for what all other components report to, unless another deployment is wanted."""
    while _is_wanted(deployed) and not await asyncio.to_thread(_answers, MONITOR):
        await asyncio.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  # http
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def _running(
    argv: list[str], environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is ended with all that it started."""
    marker = f"{MARKER}component:"
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=marked(environment, marker),
        cwd=AIRFLOW_HOME,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        await asyncio.to_thread(kill_marked, marker)
        await process.wait()
