"""What a container engine refuses, as a command's failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.cli.steps import Failed
from infra.compose.engine import EngineError


@contextmanager
def engine_errors() -> Iterator[None]:
    """Let an EngineError be the line that the command fails with.

    Raises:
        Failed: with its text.
    """
    try:
        yield
    except EngineError as error:
        raise Failed(str(error)) from error
