"""The log: one line per failure, on stdout, without secrets."""

from __future__ import annotations

import logging
import sys
from types import TracebackType

type ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class OneLine(logging.Formatter):
    """Formats a record, and an exception with it, as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The time, the level, the logger, the message and the exception."""
        line = super().format(record)
        return " ".join(line.split("\n"))

    def formatException(self, ei: ExceptionInfo) -> str:
        """The exception and where it was raised."""
        _, error, trace = ei
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        return f"[{type(error).__name__}: {error}{place}]"


def log_to_stdout() -> None:
    """Send every logger's warnings and errors to stdout."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
