"""Who changes which table: one transaction at a time, in an order that could have been serial.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from infra.local.redshift.engine.errors import SERIALIZATION_FAILURE, RedshiftError

_POLL_SECONDS = 0.1


class Locks:
    """The locks of tables by their numbers, and when each table last changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders: dict[int, object] = {}
        self._waiting: dict[object, int] = {}
        self._clock = 0
        self._last_change: dict[int, int] = {}

    @property
    def clock(self) -> int:
        """A moment: what was committed until now is seen by a transaction that begins now."""
        with self._changed:
            return self._clock

    def acquire(self, oid: int, holder: object, check: Callable[[], None]) -> None:
        """Wait until no other transaction changes the table; `check` may raise to stop waiting.

        Raises:
            RedshiftError: two transactions wait for each other.
        """
        with self._changed:
            while self._holders.get(oid, holder) is not holder:
                self._refuse_deadlock(oid, holder)
                self._waiting[holder] = oid
                self._changed.wait(_POLL_SECONDS)
                del self._waiting[holder]
                check()
            self._holders[oid] = holder

    def _refuse_deadlock(self, oid: int, holder: object) -> None:
        wanted: int | None = oid
        while wanted is not None and wanted in self._holders:
            other = self._holders[wanted]
            if other is holder:
                raise RedshiftError("deadlock detected", "40P01")
            wanted = self._waiting.get(other)

    def changed_since(self, oid: int, moment: int) -> bool:
        """Whether another transaction committed a change of the table after the moment."""
        with self._changed:
            return self._last_change.get(oid, 0) > moment

    def release(self, holder: object, *, committed: bool) -> None:
        """The holder's transaction ended."""
        with self._changed:
            held = [oid for oid, each in self._holders.items() if each is holder]
            if committed and held:
                self._clock += 1
            for oid in held:
                del self._holders[oid]
                if committed:
                    self._last_change[oid] = self._clock
            self._changed.notify_all()


def violation(oid: int) -> RedshiftError:
    """Error 1023: no serial order of the transactions has this result."""
    message = f"1023\nDETAIL: Serializable isolation violation on table - {oid}"
    return RedshiftError(message, SERIALIZATION_FAILURE)
