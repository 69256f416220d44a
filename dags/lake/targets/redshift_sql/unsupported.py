"""How a statement is refused."""

from __future__ import annotations


class UnsupportedByRedshift(ValueError):
    """A statement uses what Redshift does not have; the message names it and says what to write."""

    def __init__(self, what: str, instead: str = "") -> None:
        hint = f": {instead}" if instead else ""
        super().__init__(f"Redshift has no {what}{hint}")
