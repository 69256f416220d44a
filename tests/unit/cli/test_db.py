"""`lake db reset`, with an embedded AWS that is played by a small server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli.main import app
from infra.cli.steps import Failed

OPTIONS = ("landing_bucket", "curated_bucket", "database", "workgroup")


@dataclass
class Aws:
    """Answers GetEnvironment and the reset; keeps who asked for a reset."""

    home: Path
    name: str = "lake-dev"
    status: str = "AVAILABLE"
    refusal: str = ""
    resets: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        if (method, path) == ("POST", f"/reset-database/{self.name}"):
            self.resets.append(authorization)
            return (400, {"message": self.refusal}) if self.refusal else (200, {})
        if (method, path) == ("GET", f"/environments/{self.name}"):
            options = {f"lake.{option}": "x" for option in OPTIONS}
            described = {
                "Name": self.name,
                "Status": self.status,
                "WebserverUrl": "127.0.0.1:1",
                "AirflowConfigurationOptions": options,
            }
            return 200, {"Environment": described}
        return 404, {"__type": "ResourceNotFoundException", "message": f"{path} is not found"}

    def reset(self, *arguments: str, typed: str = "") -> Result:
        """Run `lake db reset` against this embedded AWS."""
        variables = {"LAKE_HOME": str(self.home), "LAKE_AWS_PORT": str(self.port)}
        return CliRunner().invoke(app, ["db", "reset", *arguments], env=variables, input=typed)


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    aws = Aws(home=tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            status, document = aws.answer(
                self.command, self.path, self.headers.get("Authorization", "")
            )
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-amzn-ErrorType", document.get("__type", ""))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        aws.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield aws
        server.shutdown()


def failure(said: Result) -> str:
    """What the command failed with; `lake` prints it in a line, with exit code 1."""
    assert isinstance(said.exception, Failed)
    return str(said.exception)


def test_yes_resets_without_a_question_as_the_root_user(aws: Aws) -> None:
    said = aws.reset("--yes")

    assert said.exit_code == 0, said.output
    assert "?" not in said.output
    (authorization,) = aws.resets
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "/us-east-1/airflow/aws4_request" in authorization


@pytest.mark.parametrize(("typed", "code", "resets"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 1, 0)])
def test_without_it_nothing_happens_unless_the_answer_is_yes(
    aws: Aws, typed: str, code: int, resets: int
) -> None:
    said = aws.reset(typed=typed)

    assert said.exit_code == code
    assert "of the MWAA environment lake-dev are forgotten. Go on?" in said.output
    assert len(aws.resets) == resets


def test_what_the_service_refuses_is_what_the_command_fails_with(aws: Aws) -> None:
    aws.refusal = "The environment lake-dev is UPDATING"

    assert failure(aws.reset("--yes")) == "The environment lake-dev is UPDATING"


def test_an_environment_that_does_not_come_back_is_a_failure(aws: Aws) -> None:
    aws.status = "CREATE_FAILED"

    assert "the MWAA environment lake-dev is CREATE_FAILED" in failure(aws.reset("--yes"))


def test_an_environment_that_is_not_there_is_said_before_the_question(aws: Aws) -> None:
    aws.name = "another"
    said = aws.reset()

    assert failure(said) == "the environment dev is not deployed: run `lake up`"
    assert "?" not in said.output


def test_where_nothing_runs_it_says_so(aws: Aws) -> None:
    aws.port = 1025

    said = failure(aws.reset("--yes"))
    assert said == "no embedded AWS at http://127.0.0.1:1025: run `lake up`"


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [(["--yes"], "", 0), ([], "y\n", 0), ([], "n\n", 1), ([], "", 1)],
)
def test_of_an_official_image_the_containers_database_is_reset_if_the_answer_is_yes(
    tmp_path: Path, arguments: list[str], typed: str, code: int
) -> None:
    docker, seen = tmp_path / "docker", tmp_path / "seen"
    docker.write_text(f'#!/bin/sh\necho "$*" >> {seen}\necho postgres\n')
    docker.chmod(0o755)

    said = CliRunner().invoke(
        app,
        ["db", "reset", *arguments],
        env={"LAKE_HOME": str(tmp_path), "LAKE_MWAA_IMAGE": "mine:1", "PATH": str(tmp_path)},
        input=typed,
    )

    assert said.exit_code == code, said.output
    assert ("dropdb" in seen.read_text()) == (code == 0)
