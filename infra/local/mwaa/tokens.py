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

    _expiry: dict[tuple[TokenKind, str], float] = field(default_factory=dict)

    def issue(self, kind: TokenKind) -> str:
        """A new token."""
        now = time.monotonic()
        self._expiry = {key: expiry for key, expiry in self._expiry.items() if expiry > now}
        token = secrets.token_urlsafe(32)
        self._expiry[kind, token] = now + LIFETIME_SECONDS
        return token

    def redeem(self, kind: TokenKind, token: str) -> bool:
        """Whether the token was issued for this use and is still good."""
        good = self._expiry.get((kind, token), 0.0) > time.monotonic()
        if good and kind == "web":
            del self._expiry[kind, token]
        return good
