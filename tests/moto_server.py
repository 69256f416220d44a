"""AWS as moto serves it, for tests that need an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from moto.server import ThreadedMotoServer


@contextmanager
def moto_server() -> Iterator[str]:
    """The endpoint of a server that holds nothing yet.

    Its state is the process's: what tests before left there is removed.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        httpx.post(f"{endpoint}/moto-api/reset", trust_env=False).raise_for_status()
        yield endpoint
    finally:
        server.stop()
