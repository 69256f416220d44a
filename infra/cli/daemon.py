"""The supervisor as the commands see it: start it, stop it, ask what runs, read the logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
from rich.table import Table

from infra.cli.ledger import LedgerRun, runs_table
from infra.cli.steps import Failed, console, detail
from infra.local.settings import REPOSITORY, LocalSettings
from infra.local.supervisor.lock import running_pid
from infra.local.supervisor.status import ComponentStatus, EnvironmentStatus, SupervisorStatus

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 60
MIB = 1024**2
COLOURS = {
    **dict.fromkeys(("running", "healthy", "AVAILABLE"), "green"),
    **dict.fromkeys(("failing", "unhealthy", "exited", "CREATE_FAILED"), "red"),
}


def start(settings: LocalSettings) -> None:
    """Start the supervisor, unless it runs, and wait until the embedded AWS answers.

    Raises:
        Failed: it ended at once, with what it said, or did not answer in time.
    """
    process = None
    if pid := running_pid(settings.home):
        detail(f"it runs already (pid {pid})")
    else:
        process = _spawn(settings)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            assert process.stderr is not None  # noqa: S101  # Popen was asked for a pipe
            raise Failed(process.stderr.read().decode().strip() or "the supervisor ended at once")
        status = read_status(settings)
        if status is not None and status.ready:
            detail(f"{status.endpoint_url}, logs in {settings.home / 'logs'}")
            return
        time.sleep(0.1)
    raise Failed(
        f"the embedded AWS does not answer after {START_TIMEOUT_SECONDS} s: see `lake logs`"
    )


def _spawn(settings: LocalSettings) -> subprocess.Popen[bytes]:
    chosen = {f"LAKE_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    return subprocess.Popen(
        [sys.executable, "-m", "infra.local.supervisor"],
        cwd=REPOSITORY,
        env={**os.environ, **chosen},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def stop(settings: LocalSettings) -> None:
    """End the supervisor and all that it started.

    Raises:
        Failed: it is still there after a minute.
    """
    pid = running_pid(settings.home)
    if pid is None:
        detail("nothing runs")
        return
    started = family(pid)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while left := [str(process.pid) for process in started if _is_alive(process)]:
        if time.monotonic() > deadline:
            raise Failed(f"processes {', '.join(left)} have not ended: see `lake logs supervisor`")
        time.sleep(0.1)


def read_status(settings: LocalSettings) -> SupervisorStatus | None:
    """What the supervisor says of itself; None where none answers."""
    token = settings.home / "state" / "status-token"
    try:
        answer = httpx.get(
            f"{settings.supervisor_url}/status",
            headers={"Authorization": f"Bearer {token.read_text()}"},
            trust_env=False,
        )
    except (FileNotFoundError, httpx.TransportError):
        return None
    answer.raise_for_status()
    return SupervisorStatus.model_validate(answer.json())


def login(settings: LocalSettings, environment: str) -> EnvironmentStatus:
    """An environment's user interface with its login.

    Raises:
        Failed: the supervisor does not know the environment.
    """
    status = read_status(settings)
    for found in status.environments if status else []:
        if found.name == environment:
            return found
    raise Failed(f"the MWAA environment {environment} is not there: run `lake up`")


def print_status(
    settings: LocalSettings, *, as_json: bool, runs: Callable[[], list[LedgerRun]]
) -> None:
    """Print what runs, and what `runs` says of the last runs of the data sets.

    Raises:
        Failed: nothing runs.
    """
    status = read_status(settings)
    if status is None:
        raise Failed("nothing runs: `lake up` starts the lake, `lake compose up` in containers")
    if as_json:
        last = [run.model_dump(mode="json") for run in runs()]
        print(json.dumps({**status.model_dump(mode="json"), "runs": last}, indent=2))
        return
    console.print(f"Embedded AWS  {status.endpoint_url}  {'up' if status.ready else 'starting'}")
    for environment in status.environments:
        console.print(
            f"Environment   {environment.name}  {coloured(environment.status)}  {environment.url}"
            f"  user {environment.username}  password {environment.password}"
        )
        if environment.error:
            console.print(f"  [red]{environment.error}[/]")
    table = Table(
        *("component", "state", "pid", "memory", "restarts", "since", "log"), header_style="bold"
    )
    for component in status.components:
        table.add_row(*_row(component))
    console.print(table)
    if last_runs := runs():
        console.print(runs_table(last_runs))
    console.print(f"Memory        {memory_mib(settings):,.0f} MiB in all")


def _row(component: ComponentStatus) -> tuple[str, ...]:
    since = datetime.fromtimestamp(component.since, tz=UTC).astimezone()
    return (
        component.name,
        coloured(component.state),
        str(component.pid or ""),
        f"{memory_bytes(component.pid) / MIB:,.0f} MiB" if component.pid else "",
        str(component.restarts),
        f"{since:%H:%M:%S}",
        Path(component.log).name,
    )


def memory_mib(settings: LocalSettings) -> float:
    """What the supervisor and everything that it started take; 0 where nothing runs."""
    pid = running_pid(settings.home)
    return memory_bytes(pid) / MIB if pid else 0.0


def memory_bytes(pid: int) -> int:
    """The memory of a process and all that it started, what they share counted once."""
    total = 0
    for member in family(pid):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            total += member.memory_full_info().pss
    return total


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started; nothing where it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def coloured(state: str) -> str:
    """A state as it is printed: green where all is well, red where it is not."""
    return f"[{COLOURS.get(state, 'yellow')}]{state}[/]"


def print_logs(settings: LocalSettings, *, component: str, lines: int, follow: bool) -> None:
    """Print the end of the logs, through `tail`.

    Raises:
        Failed: there is no such log.
    """
    folder = settings.home / "logs"
    found = sorted(folder.glob("*.log"))
    wanted = [path for path in found if not component or path.stem == component]
    if not wanted:
        known = ", ".join(path.stem for path in found) or "none yet"
        raise Failed(f"no log {component!r} in {folder}; there are: {known}")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, wanted)]
    try:
        subprocess.run(command, check=True)
    except KeyboardInterrupt:
        return  # how a person ends --follow
