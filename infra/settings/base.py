"""What all settings have in common."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Settings(BaseModel):
    """The base of all settings: frozen, and a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _once[T: Hashable](items: tuple[T, ...]) -> tuple[T, ...]:
    """Return `items`, or raise ValueError for one that is named twice."""
    if twice := [item for item in dict.fromkeys(items) if items.count(item) > 1]:
        raise ValueError(f"expected each once, and {twice[0]} is there twice")
    return items


type Distinct[T: Hashable] = Annotated[tuple[T, ...], AfterValidator(_once)]
"""Several, each once: AWS refuses a second subscription, rule or route of the same."""
