from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from infra.local.emulator.supervisor import Supervisor, SupervisorUnavailable

KEY = "a-key-of-enough-length"


class Echo(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = f"{self.command} {self.path} {self.headers['X-Lake-Control-Key']} ".encode() + body
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = answer


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nothing listens there
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_request_carries_the_key_and_passes_no_proxy(url: str) -> None:
    supervisor = Supervisor(url=url, control_key=KEY)
    answer = supervisor.request("PUT", "/mwaa/x", body=b"{}", headers={})
    assert answer == (200, f"PUT /mwaa/x {KEY} {{}}".encode())


def test_an_error_is_an_answer(url: str) -> None:
    status, body = Supervisor(url=url, control_key=KEY).request("GET", "/missing", headers={})
    assert (status, body.split()[0]) == (404, b"GET")


def test_silence_is_named_with_the_address() -> None:
    supervisor = Supervisor(url="http://127.0.0.1:9", control_key=KEY)
    with pytest.raises(SupervisorUnavailable, match=r"http://127\.0\.0\.1:9"):
        supervisor.request("GET", "/mwaa/environments", headers={})


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(Supervisor(url="http://127.0.0.1:9", control_key=KEY))
