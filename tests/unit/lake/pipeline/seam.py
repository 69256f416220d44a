"""A seam between the lake and AWS, where a test kills a process or lets another one go first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WRITES = frozenset(
    {
        "put_object", "upload_file", "copy_object", "copy", "delete_object", "delete_objects",
        "create_table", "update_table", "batch_create_partition", "batch_update_partition",
        "batch_delete_partition",
    }
)  # fmt: skip
READS = frozenset({"get_object", "head_object", "get_paginator", "get_table", "query"})


class Killed(BaseException):
    """The process ended here; nothing of it catches this."""


@dataclass
class Seam:
    """Counts the calls of one process, and does something at one of them."""

    calls: frozenset[str] = WRITES
    """Those that count."""
    at: int | None = None
    """Before which of them it happens, from 0; None: never."""
    do: Callable[[], object] | None = None
    """What happens; None: the process is killed."""
    count: int = 0
    dead: bool = False

    def wrap(self, target: Any) -> Any:
        """The target as the process sees it."""
        return _Wrapped(self, target)

    def pass_through(self, name: str) -> None:
        """Called before every call of the process."""
        if self.dead:
            raise Killed
        if name not in self.calls:
            return
        self.count += 1
        if self.count - 1 == self.at:
            if self.do is None:
                self.dead = True
                raise Killed
            self.do()


class _Wrapped:
    def __init__(self, seam: Seam, target: Any) -> None:
        self._seam = seam
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name not in WRITES | READS:
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            self._seam.pass_through(name)
            return value(*arguments, **named)

        return call
