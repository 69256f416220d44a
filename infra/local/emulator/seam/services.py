"""ministack's services: their handlers, and calls of them without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode
from xml.etree.ElementTree import Element

from defusedxml import ElementTree  # type: ignore[import-untyped] # has no stubs

from infra.local.emulator.seam import objects

_app: Any = import_module("ministack.app")
_responses: Any = import_module("ministack.core.responses")

asgi_app: Any = _app.app
"""ministack, as an ASGI application."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a service; header names are lower case, the path is decoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, list[str]]

    def arguments(self) -> tuple[str, str, dict[str, str], bytes, dict[str, list[str]]]:
        """The request as ministack's handlers take it."""
        return self.method, self.path, dict(self.headers), self.body, dict(self.query)


class Response(NamedTuple):
    """A service's answer."""

    status: int
    headers: dict[str, str]
    body: Any
    """Bytes, or text, or a stream of ministack's."""


type Handler = Callable[[Request], Awaitable[Response]]
"""A service."""


class AwsError(Exception):
    """A service refused a call that was made in process; the text is the service's."""

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"{call}: {status} {text}")
        self.status = status


def account_id() -> str:
    """The account of the request that is being answered."""
    return str(_responses.get_account_id())


def region() -> str:
    """The region of the request that is being answered."""
    return str(_responses.get_region())


def services() -> tuple[str, ...]:
    """Every service that is served."""
    return tuple(_app.SERVICE_HANDLERS)


def wrap_service(service: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put `wrap` around the handler of `service`."""
    original = _app.SERVICE_HANDLERS[service]

    async def inner(request: Request) -> Response:
        return Response(*await original(*request.arguments()))

    wrapped = wrap(inner)

    async def outer(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        request = Request(method=method, path=path, headers=headers, body=body, query=query)
        return await wrapped(request)

    _app.SERVICE_HANDLERS[service] = outer


def call(
    service: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Response:
    """Call a service as the root user, in this process, from the event loop or any thread.

    On the event loop the call must not wait; every service that is called here answers at once.

    Raises:
        AwsError: the service answered with a status of 300 or more.
        OSError: the disk refused an object.
    """
    handler = _app._get_module(_app.SERVICE_REGISTRY[service]["module"]).handle_request
    arguments = Request(
        method=method,
        path=path,
        headers=headers or {},
        body=body,
        query=parse_qs(urlencode(query or {}), keep_blank_values=True),
    ).arguments()
    if service == "s3":
        handler = objects.answer_internally
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        answer = Response(*_app.call_service_handler_sync(handler, *arguments))
    else:
        answer = _finish_at_once(handler(*arguments))
    if answer.status >= 300:  # noqa: PLR2004 - the end of HTTP's success range
        text = answer.body.decode(errors="replace")
        raise AwsError(f"{service} {method} {path}", answer.status, text)
    return answer


def query_call(service: str, action: str, parameters: Mapping[str, str]) -> Element:
    """Call a service of the query protocol, such as EC2, as `call` does; its XML comes back."""
    body = urlencode({"Action": action, **parameters}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    return parse_xml(call(service, "POST", "/", headers=form, body=body).body)


def parse_xml(text: bytes | str) -> Element:
    """The root of an XML answer."""
    root: Element = ElementTree.fromstring(text)
    return root


def _finish_at_once(answering: Coroutine[Any, Any, Any]) -> Response:
    try:
        answering.send(None)
    except StopIteration as finished:
        return Response(*finished.value)
    answering.close()
    raise RuntimeError("a service waited in a call that was made on the event loop")
