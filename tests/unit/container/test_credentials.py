"""The execution role's credentials, asked for as the SDKs do, of a server of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import botocore.session
import pytest

from infra.container import credentials

SESSION = {
    "AccessKeyId": "ASIA1",
    "SecretAccessKey": "secret",
    "Token": "session",
    "Expiration": "2099-01-01T00:00:00Z",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        right = self.headers["Authorization"] == "token"
        body = SESSION if right else {"message": "The token is wrong"}
        self.send_response(200 if right else 403)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/credentials/lake-dev"
    server.shutdown()
    server.server_close()


def ask(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, credentials.__file__],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_boto3_takes_the_roles_session(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[default]\ncredential_process = {sys.executable} -I -S {credentials.__file__}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("LAKE_CREDENTIALS_URL", url)
    monkeypatch.setenv("LAKE_CREDENTIALS_TOKEN", "token")
    found = botocore.session.Session().get_credentials()
    assert found
    assert found.method == "custom-process"
    assert tuple(found.get_frozen_credentials())[:3] == ("ASIA1", "secret", "session")


def test_a_wrong_token_is_said(url: str) -> None:
    asked = ask(LAKE_CREDENTIALS_URL=url, LAKE_CREDENTIALS_TOKEN="wrong")
    assert asked.returncode == 1
    assert "The token is wrong" in asked.stderr
    assert asked.stdout == ""


def test_without_an_environment_there_are_none() -> None:
    asked = ask()
    assert asked.returncode == 1
    assert "no environment is deployed" in asked.stderr
