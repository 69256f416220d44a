"""Why the embedded AWS does not start."""

from __future__ import annotations


class CannotStart(Exception):
    """The base of every reason; the text tells a person what to do."""
