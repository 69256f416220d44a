"""What `lake` says when it cannot go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.aws import process_environment
from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import find_data_set, put
from infra.cli.main import app
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

ENVIRONMENT = DeployedEnvironment(
    name="lake-dev",
    webserver_url="http://127.0.0.1:8080",
    landing_bucket="landing",
    curated_bucket="curated",
    database="lake_dev",
    workgroup="lake-dev",
)


def lake(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env={"LAKE_HOME": str(home), "LAKE_AWS_PORT": "1025", "PATH": "/usr/bin:/bin", **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    ["up", "down", "status", "put", "query", "queries", "logs", "messages", "demo", "preflight",
     "sync"],
)  # fmt: skip
def test_every_command_explains_itself(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])

    assert shown.exit_code == 0
    assert len(shown.stdout.split()) > 20


def test_status_of_nothing_fails_and_says_what_to_do(tmp_path: Path) -> None:
    said = lake("status", home=tmp_path)

    assert said.returncode == 1
    assert "`lake up`" in said.stderr


def test_down_is_done_when_nothing_runs(tmp_path: Path) -> None:
    said = lake("down", home=tmp_path)

    assert said.returncode == 0
    assert "nothing runs" in said.stdout


def test_a_query_without_an_embedded_aws_names_its_address(tmp_path: Path) -> None:
    said = lake("query", "SELECT 1", home=tmp_path)

    assert said.returncode == 1
    assert "http://127.0.0.1:1025" in said.stderr


def test_a_wrong_setting_or_environment_is_said_in_a_line(tmp_path: Path) -> None:
    unknown = lake("up", "-e", "nope", home=tmp_path)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "'nope': expected one of dev, prod" in unknown.stderr
    assert "Traceback" not in unknown.stderr

    wrong = lake("status", home=tmp_path, LAKE_AWS_PORT="80")
    assert wrong.returncode == 1
    assert "LAKE_AWS_PORT=80: Input should be greater than or equal to 1024" in wrong.stderr


def test_an_unknown_log_lists_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "aws.log").write_text("one\ntwo\n")

    assert "there are: aws" in lake("logs", "nope", home=tmp_path).stderr
    assert lake("logs", "aws", "-n", "1", home=tmp_path).stdout == "two\n"


def test_an_unknown_data_set_lists_those_that_are_there() -> None:
    with pytest.raises(Failed, match="there are: market/quotes"):
        find_data_set("market/nope")


def test_a_file_that_is_missing_or_named_otherwise_is_not_uploaded(tmp_path: Path) -> None:
    wrong = tmp_path / "quotes.csv"
    wrong.touch()
    data_set, settings = find_data_set("market/quotes"), LocalSettings()

    with pytest.raises(Failed, match=r"takes files named \*\.TXT"):
        put([wrong], data_set=data_set, environment=ENVIRONMENT, settings=settings)
    with pytest.raises(Failed, match="no such file"):
        put([tmp_path / "A.TXT"], data_set=data_set, environment=ENVIRONMENT, settings=settings)


def test_a_process_gets_the_embedded_credentials_and_none_of_the_persons_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "mine")

    given = process_environment(LocalSettings(aws_port=4999))

    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    assert given["AWS_ACCESS_KEY_ID"] == "test"
    assert "mine" not in given.values()


def test_an_environment_that_is_not_deployed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mwaa:
        def get_environment(self, **_: str) -> None:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetEnvironment")

    monkeypatch.setattr("infra.cli.environment.require_listener", lambda _: None)
    monkeypatch.setattr("infra.cli.environment.client", lambda *_: Mwaa())

    with pytest.raises(Failed, match="the environment dev is not deployed: run `lake up`"):
        DeployedEnvironment.read("dev", LocalSettings())
