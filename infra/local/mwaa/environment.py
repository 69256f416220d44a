"""One MWAA environment: its states, from creation to deletion."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from infra.local.mwaa.hosting import Host, Prepared
from infra.local.mwaa.model import (
    ApiError,
    ConfigurationError,
    LastUpdate,
    Properties,
    Record,
    Status,
    UpdateError,
)
from infra.local.mwaa.tokens import Tokens
from infra.local.supervisor.durable import sync_folder, write_durably

RETRY_SECONDS = 10.0
ENDPOINTS_POLL_SECONDS = 1.0
ERROR_LIMIT = 1024
"""The longest ErrorMessage. Source: Amazon MWAA API reference, UpdateError."""

log = logging.getLogger(__name__)


class Environment:
    """An environment over all restarts of the supervisor.

    One operation (create, update, reset, delete, resume) runs at a time, as a task. The record is
    on the disk before an operation starts, and after each step that must not be lost.
    """

    def __init__(self, record: Record, *, records: Path, host: Host[Any]) -> None:
        self.record = record
        self.host = host
        self.tokens = Tokens()
        self.problem = ""
        """Why it cannot be started or deleted, while it cannot."""
        self._path = records / f"{record.name}.json"
        self._operation: asyncio.Task[None] | None = None

    # What the API asks for.

    def create(self) -> None:
        """Start to build it; `record.status` says when it is there."""
        self._commit(status=Status.CREATING, last_update=_pending())
        self._begin(self._create())

    def update(self, requested: Properties) -> None:
        """Start to change it; one that is being resumed is changed as soon as it runs.

        Raises ApiError in any other state than AVAILABLE and UNAVAILABLE.
        """
        status = self.record.status
        if status not in (Status.AVAILABLE, Status.UNAVAILABLE):
            raise ApiError(
                "ValidationException",
                f"The environment {self.record.name} is {status}: only one that is AVAILABLE can "
                "be updated",
            )
        pending = _of_update(_pending(), requested)
        self._commit(status=Status.UPDATING, requested=requested, last_update=pending)
        if status is Status.AVAILABLE:
            self._begin(self._update(requested))

    def reset_database(self) -> None:
        """Start to make the metadata database anew: UNAVAILABLE until Airflow runs on it.

        Asked for again meanwhile, it goes on. Raises ApiError in any other state than AVAILABLE.
        """
        if self.record.database_reset:
            return
        if self.record.status is not Status.AVAILABLE:
            raise ApiError(
                "ValidationException",
                f"The environment {self.record.name} is {self.record.status}: only the database of "
                "one that is AVAILABLE can be reset",
            )
        self._commit(status=Status.UNAVAILABLE, database_reset=True)
        self._begin(self._reset())

    async def delete(self, forget: Callable[[], None]) -> None:
        """Start to remove it, then call `forget`; an operation that runs is given up."""
        if self.record.status is not Status.DELETING:
            self._commit(status=Status.DELETING)
            await self._give_up()
            self._begin(self._delete(forget))

    def resume(self, forget: Callable[[], None]) -> None:
        """Go on where the last supervisor stopped or was killed.

        What was created or deleted since this one loaded it goes on already.
        """
        if self._operation:
            return
        match self.record.status:
            case Status.CREATING | Status.PENDING:
                self._begin(self._create())
            case Status.AVAILABLE | Status.UNAVAILABLE | Status.UPDATING:
                self._begin(self._resume())
            case Status.DELETING:
                self._begin(self._delete(forget))
            case Status.CREATE_FAILED:
                pass

    async def close(self) -> None:
        """Stop all that runs and keep the record, to be resumed later."""
        await self._give_up()
        await self.host.stop()

    def tag(self, tags: dict[str, str]) -> None:
        """Replace the tags."""
        self._commit(tags=tags)

    # The operations.

    async def _create(self) -> None:
        try:
            build = await self.host.prepare(self.record.properties)
            await self._wait_for_endpoints()
            started = await self._start(build, self.record.properties)
        except Exception as error:  # whatever it was, this environment failed
            self._commit(status=Status.CREATE_FAILED, last_update=_failed(error))
        else:
            self._commit(
                status=Status.AVAILABLE, build=build.key, last_update=_succeeded(), **started
            )

    async def _update(self, requested: Properties) -> None:
        started: dict[str, object] = {}
        try:
            build = await self.host.prepare(requested)
            if self.host.needs_restart(build, requested, self.record.properties):
                await self.host.stop()
                started = await self._start(build, requested)
            else:
                await self.host.follow_dags(requested)
        except Exception as error:  # whatever it was, the old one goes on
            failure = _of_update(_failed(error), requested)
            await self._start_old()
            self._commit(status=Status.AVAILABLE, requested=None, last_update=failure)
        else:
            self._commit(
                status=Status.AVAILABLE,
                build=build.key,
                properties=requested,
                requested=None,
                last_update=_of_update(_succeeded(), requested),
                was_forced=True,  # now, or before an update by grace
                **started,
            )
        self.host.discard_other_builds()

    async def _reset(self) -> None:
        await self.host.stop()
        await self._resume()

    async def _resume(self) -> None:
        if not self.record.requested:
            self._commit(status=Status.UNAVAILABLE)
        await self._start_old()
        if self.record.requested:
            await self._update(self.record.requested)
        else:
            self._commit(status=Status.AVAILABLE)

    async def _delete(self, forget: Callable[[], None]) -> None:
        await self.host.stop()
        while True:
            try:
                await self.host.remove()
                break
            except Exception as error:  # the next try may find it mended
                self._say(error, "cannot be deleted")
                await asyncio.sleep(RETRY_SECONDS)
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)
        forget()
        log.info("%s is deleted", self.record.name)

    # Their steps.

    async def _wait_for_endpoints(self) -> None:
        """PENDING until whoever manages the endpoints has made them, as MWAA is."""
        while await self.host.missing_endpoints():
            if self.record.status is not Status.PENDING:
                self._commit(status=Status.PENDING)
            await asyncio.sleep(ENDPOINTS_POLL_SECONDS)
        if self.record.status is Status.PENDING:
            self._commit(status=Status.CREATING)

    async def _start(self, build: Prepared, properties: Properties) -> dict[str, object]:
        """Start Airflow, on a new database if one was asked for; what the record has to say then.

        When that fails, nothing of it is left running.
        """
        version = self.record.database_version
        try:
            if self.record.database_reset:
                await self.host.drop_database()
                version = None
            version = await self.host.start(build, properties, database_version=version)
        except BaseException:
            await self.host.stop()
            raise
        return {"database_version": version, "database_reset": False}

    async def _start_old(self) -> None:
        """Start what the record says, unless it runs; try until it does."""
        while not self.host.components:
            try:
                if not self.record.build:
                    raise RuntimeError(f"the record of {self.record.name} names no build")
                build = await self.host.rebuild(self.record.build)
                self._commit(**await self._start(build, self.record.properties))
            except Exception as error:  # the next try may find it mended
                self._say(error, "cannot be started")
                await asyncio.sleep(RETRY_SECONDS)
        self.problem = ""

    def _say(self, error: Exception, what: str) -> None:
        """Keep a problem for the status, and log it once."""
        if str(error) != self.problem:
            self.problem = str(error)
            log.error("%s %s; trying again", self.record.name, what, exc_info=error)

    def _begin(self, operation: Coroutine[None, None, None]) -> None:
        self._operation = asyncio.create_task(operation, name=f"operation {self.record.name}")

    async def _give_up(self) -> None:
        if self._operation:
            self._operation.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._operation
            self._operation = None

    def _commit(self, **changes: object) -> None:
        """Change the record, in memory and on disk."""
        record = self.record.model_copy(update=changes)
        write_durably(self._path, record.model_dump_json(by_alias=True, indent=2).encode())
        if record.status is not self.record.status:
            log.info("%s is %s", record.name, record.status)
        self.record = record
        if "database_version" in changes:
            self.host.keep_database()


def _pending() -> LastUpdate:
    return LastUpdate(status="PENDING", created_at=time.time())


def _succeeded() -> LastUpdate:
    return LastUpdate(status="SUCCESS", created_at=time.time())


def _of_update(update: LastUpdate, requested: Properties) -> LastUpdate:
    strategy = requested.worker_replacement_strategy or "FORCED"
    return update.model_copy(update={"worker_replacement_strategy": strategy})


def _failed(error: Exception) -> LastUpdate:
    if isinstance(error, ConfigurationError):
        log.warning("%s", error)
        message = str(error)
    else:
        log.exception("an operation failed", exc_info=error)
        message = f"{type(error).__name__}: {error}"
    if len(message) > ERROR_LIMIT:
        half = ERROR_LIMIT // 2 - 3
        message = f"{message[:half]} ... {message[-half:]}"
    return LastUpdate(
        status="FAILED", created_at=time.time(), error=UpdateError(error_message=message)
    )
