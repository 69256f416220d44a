"""Run a command to its end, with an environment of its own, a time limit and its output kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.supervisor.processes import kill_marked, marked

log = logging.getLogger(__name__)


class CommandError(Exception):
    """The command failed; `output` is what it printed, both streams together."""

    def __init__(self, reason: str, output: str) -> None:
        super().__init__(f"{reason}\n{output}".strip())
        self.reason = reason
        self.output = output


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs commands whose processes carry `marker`, so that none outlives the supervisor."""

    marker: str

    async def run(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        timeout_seconds: float,
    ) -> str:
        """What the command printed. Raises CommandError on a bad exit or when time is up."""
        started = time.monotonic()
        marker = f"{self.marker}command-{os.urandom(8).hex()}:"
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=marked(environment, marker),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        output = bytearray()
        try:
            async with asyncio.timeout(timeout_seconds):
                assert process.stdout  # noqa: S101  # it is a pipe
                while block := await process.stdout.read(65536):
                    output += block
                code = await process.wait()
        except TimeoutError:
            reason = f"it was still running after {timeout_seconds:.0f} s"
            raise CommandError(reason, output.decode(errors="replace")) from None
        finally:
            await asyncio.shield(asyncio.to_thread(kill_marked, marker))
            with contextlib.suppress(ProcessLookupError):
                await process.wait()
        log.info("%s took %.1f s", " ".join(argv[:3]), time.monotonic() - started)
        text = output.decode(errors="replace")
        if code:
            raise CommandError(_describe(code), text)
        return text


def _describe(code: int) -> str:
    if code < 0:
        return f"it was killed by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"
