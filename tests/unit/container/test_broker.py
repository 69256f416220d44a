"""The queue of tasks; a test plays the broker."""

from __future__ import annotations

import asyncio

import pytest

from infra.container.broker import empty_queue
from infra.local.mwaa.model import ConfigurationError


def emptied(*, refusal: bytes = b"") -> list[bytes]:
    """What a broker is told that agrees to everything, or refuses the last."""
    told: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await reader.readline():  # *2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n
            parts = [
                (await reader.readline(), await reader.readline())[1] for _ in range(int(words[1:]))
            ]
            told.append(b" ".join(part.strip() for part in parts))
            writer.write(refusal if refusal and told[-1] == b"FLUSHDB" else b"+OK\r\n")
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await empty_queue(f"redis://:secret@127.0.0.1:{port}/0")

    asyncio.run(run())
    return told


def test_every_message_is_forgotten() -> None:
    told = emptied()
    assert told[0] == b"AUTH secret"
    assert told[-1] == b"FLUSHDB"


def test_a_broker_that_refuses_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be emptied: .*not today"):
        emptied(refusal=b"-ERR not today\r\n")


def test_a_broker_that_is_away_is_said() -> None:
    with pytest.raises(ConfigurationError, match="cannot be emptied"):
        asyncio.run(empty_queue("redis://127.0.0.1:9/0"))
