"""The proxy of Airflow's tasks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ProxyConnectionError

from infra.local.supervisor.proxy import Proxy, is_aws


@pytest.mark.parametrize(
    "host",
    [
        "s3.amazonaws.com",
        "bucket.s3.eu-west-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
        "S3.AMAZONAWS.COM.",
        "glue.us-east-1.api.aws",
        "amazonaws.com",
        "169.254.169.254",
        "169.254.170.2",
        "[fd00:ec2::254]",
        "s3.eusc-de-east-1.amazonaws.eu",
    ],
)
def test_aws_is_known_by_its_name(host: str) -> None:
    assert is_aws(host)


@pytest.mark.parametrize(
    "host", ["pypi.org", "notamazonaws.com", "amazonaws.com.example.org", "10.0.0.1", "127.0.0.1"]
)
def test_others_are_not_aws(host: str) -> None:
    assert not is_aws(host)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers an HTTP request with what it got."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-le")),
        0,
    )
    got = head + await reader.readexactly(length)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(got) + got)
    await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def _servers() -> AsyncIterator[tuple[Proxy, int]]:
    proxy = Proxy()
    await proxy.start()
    far = await asyncio.start_server(_echo, "127.0.0.1", 0)
    try:
        yield proxy, far.sockets[0].getsockname()[1]
    finally:
        far.close()
        proxy.stop()


async def _talk(proxy: Proxy, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


def test_a_plain_request_is_forwarded_with_its_body_and_one_connection_each() -> None:
    async def run() -> str:
        async with _servers() as (proxy, port), httpx.AsyncClient(proxy=proxy.url) as client:
            answer = await client.post(f"http://127.0.0.1:{port}/a?b=c", content=b"hello")
            return answer.text

    forwarded = asyncio.run(run())
    assert forwarded.startswith("POST /a?b=c HTTP/1.1\r\n")
    assert forwarded.endswith("\r\n\r\nhello")
    assert "Connection: close" in forwarded
    assert "proxy-" not in forwarded.lower()


def test_connect_tunnels_bytes_both_ways() -> None:
    async def run() -> bytes:
        async with _servers() as (proxy, port):
            head = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode()
            return await _talk(proxy, head + b"GET /x HTTP/1.1\r\n\r\n")

    answer = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
    assert answer.endswith(b"GET /x HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    "request_line",
    ["CONNECT sts.amazonaws.com:443 HTTP/1.1", "GET http://169.254.169.254/latest/ HTTP/1.1"],
)
def test_aws_is_refused_with_the_reason(request_line: str) -> None:
    async def run() -> bytes:
        async with _servers() as (proxy, _):
            return await _talk(proxy, f"{request_line}\r\n\r\n".encode())

    answer = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"is the real AWS" in answer


def test_a_boto3_client_for_the_real_aws_gets_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with _servers() as (proxy, _):
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            sts = boto3.client(
                "sts",
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )
            await asyncio.to_thread(sts.get_caller_identity)

    with pytest.raises(ProxyConnectionError):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET / HTTP/1.1", 400),
        ("nonsense", 400),
        ("CONNECT 127.0.0.1:99999 HTTP/1.1", 400),
        ("CONNECT 127.0.0.1:1 HTTP/1.1", 502),
    ],
)
def test_what_is_no_request_for_a_proxy_is_answered_with_the_fault(
    request_line: str, status: int
) -> None:
    async def run() -> bytes:
        async with _servers() as (proxy, _):
            return await _talk(proxy, f"{request_line}\r\n\r\n".encode())

    assert asyncio.run(run()).startswith(f"HTTP/1.1 {status} ".encode())
