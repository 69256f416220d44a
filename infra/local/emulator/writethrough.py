"""Durability of the control plane: what was acknowledged is on disk.

A request that changes something is answered after the state of its service was saved. While a
stack operation is under way every state is saved in one transaction, so that after a kill a stack's
record and its resources agree. While the disk refuses, nothing is acknowledged.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
from collections.abc import Collection
from functools import partial

from infra.local.emulator.seam import authorization, notifications, services, stacks, state
from infra.local.emulator.seam.services import Handler, Request, Response
from infra.local.emulator.store import StateStore

_log = logging.getLogger(__name__)

_READING = (
    *("BatchGet", "Describe", "Estimate", "Filter", "Get", "Head", "List", "Lookup"),
    *("Query", "Search", "Select", "Simulate", "Validate"),
)
"""How the names of operations begin that change nothing."""
_DATA = frozenset({"logs:PutLogEvents", "cloudwatch:PutMetricData"})
"""Operations that write data, not configuration: saved with the next change of their service."""


class WriteThrough:
    """Saves states as they change; used on the event loop on which it was made, or on a thread."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._saved: dict[str, bytes] = {}
        self._refused = False

    def install(self) -> None:
        """Load what was saved, and from now on save what changes.

        Raises:
            StateUnreadable: what was saved cannot be loaded.
        """
        state.load(self._store.load)
        sessions = self._store.sessions()
        state.restore_sessions({key: json.loads(text) for key, text in sessions.items()})
        state.on_new_session(self._save_session)
        stacks.on_progress(self._flush_or_refuse)
        for service in services.services():
            services.wrap_service(service, partial(self._wrap, service))

    def _flush_or_refuse(self) -> None:
        """Save; if the disk refuses, the stack goes on but no request is acknowledged."""
        try:
            self.flush()
        except (sqlite3.Error, OSError) as error:
            _log.error("a stack was not saved: %s", error)

    def flush(self, names: Collection[str] | None = None) -> None:
        """Save the states with `names`, or all, as far as they changed.

        Raises:
            sqlite3.Error: the disk refused.
        """
        try:
            on_loop = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            on_loop = False
        if on_loop:
            self._flush(names)
        else:  # only the event loop sees every state at rest
            asyncio.run_coroutine_threadsafe(self._flush_later(names), self._loop).result()

    async def _flush_later(self, names: Collection[str] | None) -> None:
        self._flush(names)

    def _flush(self, names: Collection[str] | None) -> None:
        changed: dict[str, str] = {}
        digests: dict[str, bytes] = {}
        for name, text in state.snapshot(names).items():
            digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
            if self._saved.get(name) != digest:
                changed[name], digests[name] = text, digest
        self._refused = True
        if changed:
            self._store.save(changed)
        self._saved |= digests
        self._refused = False

    def _wrap(self, service: str, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            told = notifications.collect_told()
            answer = await handler(request)
            changed = [service] if _changes(service, request) else []
            changed += ["sqs"] if told else []
            if not self._refused and not changed:
                return answer
            names = [name for each in changed for name in state.states_of(each)]
            try:
                self.flush(None if self._refused or stacks.busy() else names)
            except (sqlite3.Error, OSError) as error:
                _log.error("%s was not saved: %s", service, error)
                return authorization.failure(
                    service,
                    request,
                    code="InternalFailure",
                    message=f"the embedded AWS could not save the change: {error}",
                    status=500,
                )
            return answer

        return handle

    def _save_session(self, access_key_id: str, session: state.Session) -> None:
        self._store.add_session(
            access_key_id=access_key_id,
            expires_at=float(session.get("Expiration") or "inf"),
            session=json.dumps(session),
        )


def _changes(service: str, request: Request) -> bool:
    """Whether a request changes the configuration of a service."""
    if service == "s3":  # objects are files of their own; a path without a key is a bucket's
        is_bucket = "/" not in request.path.strip("/")
        return is_bucket and request.method in ("PUT", "DELETE")
    if request.method in ("GET", "HEAD"):
        return False
    action = authorization.iam_action(service, request)
    return action not in _DATA and not action.partition(":")[2].startswith(_READING)
