"""What all settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """The base of all settings: frozen, and a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
