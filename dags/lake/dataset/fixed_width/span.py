"""A place in a record."""

from __future__ import annotations

from pydantic import Field

from lake.dataset.declaration import Declaration


class Span(Declaration):
    """A place in a record."""

    position: int = Field(ge=1, examples=[13])
    """The first byte, counted from 1."""
    width: int = Field(ge=1, examples=[12])
    """Bytes."""

    @property
    def end(self) -> int:
        """The last byte, counted from 1."""
        return self.position + self.width - 1
