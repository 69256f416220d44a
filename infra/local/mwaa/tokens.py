"""Tokens for the command line and the login of an environment's web server."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

LIFETIME_SECONDS = 60.0
"""Source: Amazon MWAA API reference, CreateCliToken and CreateWebLoginToken."""

type TokenKind = Literal["cli", "web"]


@dataclass
class Tokens:
    """The tokens of one environment; a login token serves once, a command line's for a minute."""

    _issued: dict[tuple[TokenKind, str], tuple[float, str]] = field(default_factory=dict)
    """When it expires, and whom it is for."""

    def issue(self, kind: TokenKind, username: str) -> str:
        """A new token for an Airflow user."""
        now = time.monotonic()
        self._issued = {key: value for key, value in self._issued.items() if value[0] > now}
        token = secrets.token_urlsafe(32)
        self._issued[kind, token] = now + LIFETIME_SECONDS, username
        return token

    def redeem(self, kind: TokenKind, token: str) -> str | None:
        """The user for whom the token was issued, or None when it is not good for this use."""
        expiry, username = self._issued.get((kind, token), (0.0, ""))
        if expiry <= time.monotonic():
            return None
        if kind == "web":
            del self._issued[kind, token]
        return username
