"""What the layouts of all formats have in common. One class a format, chosen by `format`."""

from __future__ import annotations

from pydantic import Field

from lake.dataset.declaration import Declaration
from lake.dataset.encoding import TextEncoding


class Layout(Declaration):
    """How a file holds its records."""

    format: str = Field(examples=["fixed_width"])
    """Of the files; decides which other keys there are, here and in `columns`."""

    encoding: TextEncoding = Field(default="utf-8", examples=["latin-1"])
    """Of the files' text. UTF-16 is made UTF-8 before it is read; a byte order mark is no text."""

    @property
    def splittable(self) -> bool:
        """Whether a reader can begin at any line end, so that tasks may share a file."""
        return False
