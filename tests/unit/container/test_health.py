"""The health checks, against a server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest

from infra.container import health
from infra.container.deployed import Deployed
from infra.container.health import problem

ANSWERS = {
    "/ok": (200, {}),
    "/broken": (503, {}),
    "/monitor": (
        200,
        {"triggerer": {"status": "healthy"}, "dag_processor": {"status": "unhealthy"}},
    ),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def environment(volume: Path, deployed: Deployed) -> None:
    """An environment, without which there is nothing to check."""
    assert volume.exists()
    deployed.publish()


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_that_answers_is_health(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PAGES, "scheduler", f"{url}/ok")
    assert problem("scheduler") == ""


def test_a_page_that_answers_an_error_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PAGES, "scheduler", f"{url}/broken")
    with pytest.raises(HTTPError, match="503"):
        problem("scheduler")


def test_heartbeats_are_asked_of_the_api_server(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MONITOR", f"{url}/monitor")
    assert problem("triggerer") == ""
    assert problem("dag-processor") == "its heartbeat is unhealthy"
