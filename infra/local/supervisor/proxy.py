"""The HTTP proxy of Airflow's tasks: it refuses AWS and lets everything else through.

A client that was made without the embedded AWS's endpoint would call the real AWS. Its requests
come here, because the tasks' `HTTP_PROXY` and `HTTPS_PROXY` do, and end here with status 403.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import logging
from urllib.parse import urlsplit

import botocore.session

CONNECT_SECONDS = 30.0
HEAD_LIMIT_BYTES = 64 * 1024
HEAD_SECONDS = 30.0

log = logging.getLogger(__name__)


class Refused(Exception):  # an answer of the proxy, not a fault in it
    """The request is answered with `status` and the exception's text."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@functools.cache
def aws_domains() -> tuple[str, ...]:
    """The domains of all AWS partitions, from botocore's own `partitions.json`."""
    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    outputs = [partition["outputs"] for partition in partitions]
    return tuple({o[key] for o in outputs for key in ("dnsSuffix", "dualStackDnsSuffix")})


def is_aws(host: str) -> bool:
    """Whether `host` is AWS's: a domain of a partition, or a metadata service's address."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return any(name == domain or name.endswith("." + domain) for domain in aws_domains())
    return address.is_link_local or address == ipaddress.ip_address("fd00:ec2::254")


class Proxy:
    """Listens for `CONNECT` and for absolute `http://` requests; port 0 is a free one."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server: asyncio.Server | None = None
        self._host = host
        self.port = port

    @property
    def url(self) -> str:
        """What `HTTP_PROXY` and `HTTPS_PROXY` are set to."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start to listen."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self.port, limit=HEAD_LIMIT_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop to listen; tunnels end with their clients."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            await self._forward(head, reader, writer)
        except Refused as refused:
            log.warning("refused: %s", refused)
            writer.write(_answer(refused))
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            log.debug("a client of the proxy went away", exc_info=True)
        except asyncio.CancelledError:
            log.debug("a tunnel ends with the supervisor")
        finally:
            writer.close()

    async def _forward(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, headers = _split_head(head)
        try:
            url = urlsplit(f"//{target}" if method == "CONNECT" else target)
            host, port = url.hostname, url.port or (443 if method == "CONNECT" else 80)
        except ValueError as error:
            raise Refused("400 Bad Request", f"not an address: {target}: {error}") from None
        if not host or (method != "CONNECT" and url.scheme != "http"):
            raise Refused("400 Bad Request", f"not a request for a proxy: {method} {target}")
        if is_aws(host):
            raise Refused(
                "403 Forbidden",
                f"{host} is the real AWS. Airflow on this laptop reaches the embedded AWS only, "
                "at AWS_ENDPOINT_URL: make the client without endpoint_url and without "
                "ignore_configured_endpoint_urls.",
            )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise Refused("502 Bad Gateway", f"{host}:{port} is not reached: {reason}") from None
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = url._replace(scheme="", netloc="").geturl() or "/"
                far_writer.write(_rewrite_head(method, path, headers))
            await _exchange((reader, far_writer), (far_reader, writer))
        finally:
            far_writer.close()


def _split_head(head: bytes) -> tuple[str, str, list[str]]:
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3:  # noqa: PLR2004  # method, target, version
        raise Refused("400 Bad Request", f"not an HTTP request: {lines[0][:80]}")
    return parts[0], parts[1], [line for line in lines[1:] if line]


def _rewrite_head(method: str, path: str, headers: list[str]) -> bytes:
    """The head for the far server; one request a connection, so that each one is checked."""
    dropped = ("proxy-", "connection:", "keep-alive:")
    kept = [line for line in headers if not line.lower().startswith(dropped)]
    lines = [f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _answer(refused: Refused) -> bytes:
    body = f"{refused}\n".encode()
    return (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


async def _exchange(*directions: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Copy both ways until both ends have finished, or one of them broke."""
    async with asyncio.TaskGroup() as group:
        for source, sink in directions:
            group.create_task(_copy(source, sink))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await source.read(HEAD_LIMIT_BYTES):
            sink.write(block)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
