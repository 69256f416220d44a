"""Ports of 127.0.0.1, with a clear word when one is taken."""

from __future__ import annotations

import socket


class PortTakenError(Exception):
    """Another program listens at the port."""


def bind(port: int, *, purpose: str, setting: str) -> socket.socket:
    """A socket bound to `port`. Raises PortTakenError, which names the setting to change."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise PortTakenError(
            f"Port {port} of 127.0.0.1, meant for {purpose}, cannot be used: {error.strerror}. "
            f"Stop the program that listens there, or choose another port with {setting}."
        ) from None
    return bound


def require_free(port: int, *, purpose: str, setting: str) -> None:
    """Raise PortTakenError when another program listens at `port`."""
    bind(port, purpose=purpose, setting=setting).close()
