"""A component: one command that the supervisor keeps running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.supervisor.processes import kill_marked, marked

STABLE_SECONDS = 60.0
"""A component that lived this long starts counting its failures anew."""
FAILING_AFTER = 4
"""So many quick deaths in a row make a component `failing`."""
LONGEST_BACKOFF_SECONDS = 30.0
LOG_LIMIT_BYTES = 20 * 1024 * 1024

log = logging.getLogger(__name__)


class ComponentState(enum.StrEnum):
    """What `lake status` says of a component."""

    RUNNING = "running"
    RESTARTING = "restarting"
    FAILING = "failing"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a component runs. `environment` is the whole of it: nothing is inherited."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log_path: Path
    stop_seconds: float = 5.0
    """How long it may take to end on SIGTERM before it is killed."""


class Component:
    """Keeps a command running: restarts it with a growing pause when it dies."""

    def __init__(self, command: Command, *, marker: str) -> None:
        self.command = command
        self.state = ComponentState.STOPPED
        self.restarts = 0
        self.since = time.time()
        self.last_exit = ""
        self._marker = f"{marker}{command.name}:"
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Its name, unique in the supervisor."""
        return self.command.name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.state == "running" else None

    async def start(self) -> None:
        """Start the process and keep it running from now on."""
        if self._keeper:
            raise RuntimeError(f"{self.name} was started already")
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL to whatever of it is left after `stop_seconds`."""
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.command.stop_seconds)
        await self._kill_rest()
        if self._process:
            await self._process.wait()
        self._enter(ComponentState.STOPPED)

    async def _keep(self) -> None:
        quick_deaths = 0
        while True:
            lived_seconds = await self._wait_for_death()
            await self._kill_rest()
            quick_deaths = 1 if lived_seconds > STABLE_SECONDS else quick_deaths + 1
            failing = quick_deaths >= FAILING_AFTER
            self._enter(ComponentState.FAILING if failing else ComponentState.RESTARTING)
            pause = min(0.25 * 2**quick_deaths, LONGEST_BACKOFF_SECONDS)
            log.log(
                logging.ERROR if failing else logging.WARNING,
                "%s %s (death %d in a row); starting it again in %.1f s; its log: %s",
                *(self.name, self.last_exit, quick_deaths, pause, self.command.log_path),
            )
            await asyncio.sleep(pause)
            self.restarts += 1
            try:
                await self._spawn()
            except OSError as error:
                self._process = None
                self.last_exit = f"cannot be started: {error}"

    async def _wait_for_death(self) -> float:
        """How long the process lived, in seconds; 0 for one that could not be started."""
        if not self._process:
            return 0.0
        code = await self._process.wait()
        lived_seconds = time.time() - self.since
        self.last_exit = _describe_exit(code, lived_seconds)
        return lived_seconds

    async def _spawn(self) -> None:
        command = self.command
        command.log_path.parent.mkdir(parents=True, exist_ok=True)
        _rotate(command.log_path)
        with command.log_path.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command.argv,
                env=marked(command.environment, self._marker),
                cwd=command.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        self._enter(ComponentState.RUNNING)
        log.info("%s runs, pid %d", self.name, self._process.pid)

    async def _kill_rest(self) -> None:
        killed = await asyncio.to_thread(kill_marked, self._marker)
        if killed:
            log.info("%s: killed %d processes that were left", self.name, killed)

    def _enter(self, state: ComponentState) -> None:
        self.state = state
        self.since = time.time()


def _describe_exit(code: int, lived_seconds: float) -> str:
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{how} after {lived_seconds:.0f} s"


def _rotate(path: Path) -> None:
    """Start a new log when the old one is large; one old log is kept."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(path.suffix + ".1"))
