from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from lake.pipeline.stream import ObjectStream

CONTENT = bytes(range(100))


class Body(io.BytesIO):
    """Breaks when it has given some bytes."""

    def __init__(self, content: bytes, *, breaks_after: int) -> None:
        super().__init__(content[:breaks_after])
        self.breaks = breaks_after < len(content)

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        if not count and self.breaks:
            raise ReadTimeoutError(endpoint_url="s3")
        return count


def read(*breaks: int, first_byte: int = 0) -> tuple[bytes, list[int]]:
    """What a stream gives whose connections break after so many bytes, and where it asked."""
    asked: list[int] = []

    def get(position: int) -> Body:
        asked.append(position)
        after = breaks[len(asked) - 1] if len(asked) <= len(breaks) else 1000
        return Body(CONTENT[position:], breaks_after=after)

    stream = ObjectStream(get, first_byte=first_byte, size_bytes=len(CONTENT))
    buffer, content = memoryview(bytearray(7)), b""
    while count := stream.readinto(buffer):
        content += bytes(buffer[:count])
    return content, asked


def test_a_stream_gives_the_object_in_one_request() -> None:
    assert read() == (CONTENT, [0])


def test_a_stream_may_begin_at_a_byte() -> None:
    assert read(first_byte=40) == (CONTENT[40:], [40])


def test_where_a_connection_breaks_the_next_one_goes_on() -> None:
    assert read(10, 0, 30) == (CONTENT, [0, 10, 10, 40])


def test_connections_that_give_nothing_are_given_up() -> None:
    with pytest.raises(ConnectionError, match="no byte behind byte 0 of 100"):
        read(0, 0, 0, 0, 0)


def test_nothing_is_asked_for_an_empty_object() -> None:
    stream = ObjectStream(lambda _: pytest.fail("asked"), first_byte=0, size_bytes=0)

    assert stream.readinto(memoryview(bytearray(1))) == 0
