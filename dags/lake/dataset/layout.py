"""What the layouts of all formats have in common. One class a format, chosen by `format`."""

from __future__ import annotations

from pydantic import Field

from lake.dataset.declaration import Declaration


class Layout(Declaration):
    """How a file holds its records."""

    format: str = Field(examples=["fixed_width"])
    """Of the files; decides which other keys there are, here and in `columns`."""

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end, so that tasks may share a file."""
        return False
