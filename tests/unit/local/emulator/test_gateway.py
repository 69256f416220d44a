from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from infra.local.emulator.gateway import guard


async def application(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"answered"})


async def ask(path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=guard(application))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post(path, headers=headers)


def status(path: str, **headers: str) -> int:
    return asyncio.run(ask(path, **headers)).status_code


@pytest.mark.parametrize("path", ["/", "/bucket/key", "/_ministack/health", "/_ministack/ready"])
def test_what_a_client_asks_is_answered(path: str) -> None:
    assert status(path) == 200


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_localstack/x"])
def test_commands_of_the_emulator_are_refused(path: str) -> None:
    assert status(path) == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://example.com", 403),
        ("null", 403),
        ("http://127.0.0.1:8080", 200),
        ("http://localhost:3000", 200),
    ],
)
def test_only_pages_of_this_machine_are_answered(origin: str, expected: int) -> None:
    assert status("/bucket", origin=origin) == expected
