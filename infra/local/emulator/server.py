"""Wires the embedded AWS together and serves it."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from hypercorn.asyncio import (  # type: ignore[import-not-found] # only beside ministack
    serve as hypercorn_serve,
)
from hypercorn.config import Config  # type: ignore[import-not-found] # only beside ministack

from infra.local.emulator import chatbot, glue, mwaa, s3, sts
from infra.local.emulator.alarms import state_of
from infra.local.emulator.athena import Athena
from infra.local.emulator.cloudformation import service_role, settling, types
from infra.local.emulator.gateway import guard
from infra.local.emulator.iam import authorization
from infra.local.emulator.lake_formation import LakeFormation
from infra.local.emulator.process import port_is_taken
from infra.local.emulator.redshift import Redshift
from infra.local.emulator.seam import change_sets, conditions, endpoints
from infra.local.emulator.seam.alarms import judge_alarms
from infra.local.emulator.seam.authorization import limit_root_to, treat_every_request_as_secure
from infra.local.emulator.seam.objects import drop_unknown_buckets
from infra.local.emulator.seam.services import asgi_app
from infra.local.emulator.seam.stacks import busy, resume
from infra.local.emulator.seam.state import before_first_request
from infra.local.emulator.settings import EmulatorSettings
from infra.local.emulator.store import StateStore
from infra.local.emulator.supervisor import Supervisor
from infra.local.emulator.writethrough import WriteThrough

KEEP_ALIVE_SECONDS = 75
_LOOK_SECONDS = 0.02
SHUTDOWN_SECONDS = 0.5
"""How long a request under way may take to end; every acknowledged write is already on disk."""


async def serve(settings: EmulatorSettings, store: StateStore) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        StateUnreadable: what `store` has cannot be loaded.
    """
    supervisor = Supervisor(url=settings.supervisor_url, control_key=settings.control_key)
    redshift = Redshift(settings)
    redshift.install()
    lake_formation = LakeFormation()
    lake_formation.install()
    chatbot.install()
    types.register(supervisor, redshift.control_plane, lake_formation)
    settling.install()
    conditions.install()
    change_sets.install()
    service_role.install()
    endpoints.describe_whole()
    mwaa.install(supervisor)
    s3.install()
    glue.install()
    judge_alarms(state_of)
    athena = Athena(settings)
    athena.install()
    authorization.install(athena.work_group_of, redshift)
    sts.install(control_key=settings.control_key)
    treat_every_request_as_secure()
    limit_root_to("test")

    write_through = WriteThrough(store)
    write_through.install()
    drop_unknown_buckets()
    before_first_request(_resume_interrupted_stacks)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    config = Config()
    config.bind = [f"{settings.host}:{settings.port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = SHUTDOWN_SECONDS
    config.loglevel = "WARNING"
    announcing = asyncio.create_task(_announce(settings))
    await hypercorn_serve(guard(asgi_app), config, shutdown_trigger=stop.wait)
    announcing.cancel()
    with contextlib.suppress(TimeoutError):  # a query that goes on is recorded as failed later
        await asyncio.wait_for(asyncio.to_thread(athena.close), SHUTDOWN_SECONDS)
    with contextlib.suppress(TimeoutError):  # likewise a statement
        await asyncio.wait_for(asyncio.to_thread(redshift.close), SHUTDOWN_SECONDS)
    write_through.flush()
    store.close()


async def _announce(settings: EmulatorSettings) -> None:
    """Say that the port answers, once it does."""
    while not port_is_taken(settings.port):
        await asyncio.sleep(_LOOK_SECONDS)
    print(f"The embedded AWS answers at {settings.endpoint_url}", flush=True)


def _resume_interrupted_stacks() -> None:
    for stack in busy():
        resume(stack, reason="The embedded AWS was restarted during the operation.")
