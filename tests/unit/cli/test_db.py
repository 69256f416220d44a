"""`lake db reset`, with a supervisor that is played by a small server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra.local.supervisor.status import EnvironmentStatus, SupervisorStatus

TOKEN = "token"


@dataclass
class Supervisor:
    """Answers `/status`, the reset, and GetEnvironment as the embedded AWS does."""

    home: Path
    name: str = "lake-dev"
    refusal: str = ""
    resets: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        if path == f"/environments/{self.name}/reset-database" and method == "POST":
            self.resets.append(path)
            return (400, {"message": self.refusal}) if self.refusal else (200, {})
        if path == "/status":
            return 200, self._status()
        if path == f"/environments/{self.name}" and method == "GET":
            return 200, {"Environment": {"Name": self.name, "Status": "AVAILABLE"}}
        return 404, {"message": f"{path} is not found"}

    def _status(self) -> dict[str, Any]:
        environment = EnvironmentStatus(
            name=self.name,
            status="AVAILABLE",
            url="http://127.0.0.1:1",
            username="admin",
            password="secret",
            logs="",
            error="",
        )
        return SupervisorStatus(
            pid=1, since=0, endpoint_url="", ready=True, components=[], environments=[environment]
        ).model_dump(mode="json")

    def reset(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run `lake db reset` against this supervisor."""
        return subprocess.run(
            [sys.executable, "-m", "infra.cli", "db", "reset", *arguments],
            env={
                "LAKE_HOME": str(self.home),
                "LAKE_SUPERVISOR_PORT": str(self.port),
                "LAKE_AWS_PORT": str(self.port),
                "PATH": "/usr/bin:/bin",
            },
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(home=tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "status-token").write_text(TOKEN)

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            status, document = supervisor.answer(self.command, self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        supervisor.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        yield supervisor
        server.shutdown()


def test_yes_resets_without_a_question(supervisor: Supervisor) -> None:
    said = supervisor.reset("--yes")

    assert said.returncode == 0, said.stderr
    assert len(supervisor.resets) == 1
    assert "?" not in said.stdout


@pytest.mark.parametrize(("typed", "code", "resets"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 1, 0)])
def test_without_it_nothing_happens_unless_the_answer_is_yes(
    supervisor: Supervisor, typed: str, code: int, resets: int
) -> None:
    said = supervisor.reset(typed=typed)

    assert said.returncode == code
    assert "of the MWAA environment lake-dev are forgotten. Go on?" in said.stdout
    assert len(supervisor.resets) == resets


def test_what_the_supervisor_refuses_is_said_in_a_line(supervisor: Supervisor) -> None:
    supervisor.refusal = "The environment lake-dev is UPDATING"
    said = supervisor.reset("--yes")

    assert said.returncode == 1
    assert said.stderr == "lake: The environment lake-dev is UPDATING\n"


def test_an_environment_that_is_not_there_is_said_before_the_question(
    supervisor: Supervisor,
) -> None:
    supervisor.name = "another"
    said = supervisor.reset()

    assert said.returncode == 1
    assert said.stderr == "lake: the MWAA environment lake-dev is not there: run `lake up`\n"
    assert "?" not in said.stdout


def test_where_nothing_runs_it_says_so(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "state" / "status-token").unlink()
    said = supervisor.reset("--yes")

    assert said.returncode == 1
    assert said.stderr.startswith("lake: nothing runs: `lake up` starts Airflow here")
    assert "`lake compose reset`" in said.stderr
