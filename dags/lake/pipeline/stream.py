"""The bytes of an object as a stream that goes on where a connection broke."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Self

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

log = logging.getLogger(__name__)

TRIES = 5
"""Connections that may break one after the other without a byte between them."""
BROKEN = (ReadTimeoutError, ResponseStreamingError, IncompleteReadError)


class ObjectStream:
    """One version of an object, read from a byte on; asks again for the rest where it stops short.

    `get` opens the version's bytes from a position on; nothing is asked for before the first read.
    """

    def __init__(self, get: Callable[[int], Any], *, first_byte: int, size_bytes: int) -> None:
        self._get = get
        self._position = first_byte
        self._end = size_bytes
        self._body: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of `buffer`; return how many bytes, 0 at the end.

        Raises:
            ConnectionError: five connections in a row gave nothing.
        """
        for _ in range(TRIES):
            if self._position >= self._end or not len(buffer):
                return 0
            if count := self._read(buffer):
                self._position += count
                return count
            self.close()
        raise ConnectionError(f"no byte behind byte {self._position} of {self._end}")

    def close(self) -> None:
        """Leave the connection."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _read(self, buffer: memoryview) -> int:
        """0 where the connection broke or ended early."""
        if self._body is None:
            self._body = self._get(self._position)
        try:
            return int(self._body.readinto(buffer) or 0)
        except BROKEN as error:
            log.warning("the connection broke at byte %d: %s", self._position, error)
            return 0
