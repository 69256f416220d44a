"""Secrets of the laptop: each its own file, readable by its owner only."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path

from infra.local.supervisor.durable import write_durably


def random_token() -> str:
    """256 random bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def signing_key() -> str:
    """512 random bits, as HMAC with SHA-512 wants them (RFC 7518, section 3.2)."""
    return secrets.token_urlsafe(64)


def random_password() -> str:
    """96 random bits, short enough to copy by hand."""
    return secrets.token_urlsafe(12)


def fernet_key() -> str:
    """A key as `cryptography.fernet` wants it: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


class SecretFolder:
    """A folder of secrets, made when they are first asked for and the same ever after."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, make: Callable[[], str] = random_token) -> str:
        """The secret called `name`; `make` makes it the first time."""
        path = self._folder / name
        try:
            return path.read_text()
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_durably(path, make().encode())
            return path.read_text()
