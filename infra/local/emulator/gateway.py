"""The front of the embedded AWS: refuses what no AWS client sends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_PUBLIC = frozenset({"/_ministack/health", "/_ministack/ready"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def guard(application: Application) -> Application:
    """Let through to `application` what an AWS client may ask.

    Refused are ministack's own commands, of which one wipes every state, and whatever a web page
    of another origin sends: a browser on this machine reaches 127.0.0.1 as well.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        reason = _refusal(scope)
        if reason is None:
            await application(scope, receive, send)
            return
        body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guarded


def _refusal(scope: Scope) -> str | None:
    if scope["type"] != "http":
        return None
    path = scope["path"]
    if path.startswith(("/_ministack", "/_localstack", "/_aws")) and path not in _PUBLIC:
        return f"the embedded AWS does not serve {path}"
    for name, value in scope["headers"]:
        if name.lower() == b"origin":
            host = urlsplit(value.decode("latin-1")).hostname
            if host not in _LOOPBACK:
                return "the embedded AWS does not answer web pages of other origins"
    return None
