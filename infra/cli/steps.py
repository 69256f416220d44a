"""Steps as they happen, each with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

# Into a file or a pipe, nothing is cut or wrapped at a terminal's width.
WIDTH = None if sys.stdout.isatty() else 10_000
console = Console(highlight=False, soft_wrap=True, width=WIDTH)
errors = Console(highlight=False, soft_wrap=True, stderr=True)


class Failed(Exception):
    """A command cannot go on; its text is all that a person needs to read."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step when it begins, and how long it took when it ends."""
    started = time.monotonic()
    console.print(f"[bold]>[/] {escape(title)}")
    try:
        yield
    except BaseException:
        console.print(f"[red]✗[/] {escape(title)} [dim]{time.monotonic() - started:.1f} s[/]")
        raise
    console.print(f"[green]✓[/] {escape(title)} [dim]{time.monotonic() - started:.1f} s[/]")


def detail(text: str) -> None:
    """Print what a step says about itself."""
    console.print(f"  [dim]{escape(text)}[/]")
