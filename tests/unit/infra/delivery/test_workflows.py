"""The workflows of GitHub Actions: as little as they need, no keys, commands that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from infra.cli.main import app
from infra.delivery.settings import DeliverySettings
from infra.environments import DELIVERY, ENVIRONMENTS
from infra.local.settings import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
TRUSTED = {"actions/checkout", "actions/setup-node", "actions/setup-python"}
TRUSTED |= {"aws-actions/configure-aws-credentials"}
MOST = {"contents": "read", "id-token": "write"}


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.name}:{name}", job) for path in FILES for name, job in load(path)["jobs"].items()
    ]


def steps() -> list[dict[str, Any]]:
    return [step for _, job in jobs() for step in job.get("steps", [])]


def scripts() -> list[str]:
    return [step["run"] for step in steps() if "run" in step]


def test_there_are_workflows_for_pull_requests_and_deployments() -> None:
    assert {path.stem for path in FILES} == {"deploy", "deploy-environment", "pull-request"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_has_no_permission_and_each_job_says_its_own(path: Path) -> None:
    workflow = load(path)

    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"].items() <= MOST.items(), name


def test_only_jobs_that_assume_a_role_get_a_token_of_githubs() -> None:
    for name, job in jobs():
        used = [step.get("uses", "") for step in job.get("steps", [])]
        assumes = any("configure-aws-credentials" in action for action in used)
        calls = "deploy-environment.yml" in job.get("uses", "")
        assert ("id-token" in job["permissions"]) is (assumes or calls), name


def test_no_key_is_kept_and_no_secret_is_read() -> None:
    for path in FILES:
        text = path.read_text()
        assert "secrets" not in text, path
        assert not re.search(r"AKIA|aws-access-key|aws-secret|AWS_SECRET", text), path


def test_no_code_of_a_pull_request_runs_with_the_rights_of_the_target() -> None:
    for path in FILES:
        assert "pull_request_target" not in path.read_text()
        assert "workflow_run" not in path.read_text()


def test_a_script_reads_what_others_write_as_variables_and_never_as_its_own_text() -> None:
    assert scripts()
    for script in scripts():
        assert "${{" not in script


def test_actions_are_few_and_have_a_version_and_leave_no_token_in_the_checkout() -> None:
    for step in steps():
        if "uses" in step:
            action, _, version = step["uses"].partition("@")
            assert action in TRUSTED
            assert re.fullmatch(r"v\d+|[0-9a-f]{40}", version), step["uses"]
            if action == "actions/checkout":
                assert step["with"]["persist-credentials"] is False


def test_each_command_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group
    for script in scripts():
        assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= targets
        assert set(re.findall(r"\blake ([a-z]+)\b", script)) <= commands
        for name in re.findall(r"\.venv/bin/(\w+)", script):
            assert (REPOSITORY / ".venv" / "bin" / name).exists(), name
        for subcommand in re.findall(r"npx cdk (\w+)", script):
            assert subcommand in {"diff", "deploy"}


def test_a_deployment_waits_for_the_one_before_it_and_is_never_ended() -> None:
    (job,) = load(FOLDER / "deploy-environment.yml")["jobs"].values()

    assert job["concurrency"]["cancel-in-progress"] is False
    assert "inputs.environment" in job["concurrency"]["group"]
    assert "inputs.environment" in job["environment"]
    (asked,) = [s["with"] for s in job["steps"] if "role-to-assume" in s.get("with", {})]
    assert asked["role-duration-seconds"] == DELIVERY.session_hours * 3600


def test_the_environments_are_deployed_one_after_the_other_each_from_its_own_place() -> None:
    called = load(FOLDER / "deploy.yml")["jobs"]

    assert [job["with"]["environment"] for job in called.values()] == list(ENVIRONMENTS)
    assert called["prod"]["needs"] == "dev"
    trusted = {one.environment: one.github_environment for one in DELIVERY.deployments}
    assert trusted == {name: name for name in ENVIRONMENTS}
    matrix = load(FOLDER / "pull-request.yml")["jobs"]["diff"]["strategy"]["matrix"]
    assert matrix["environment"] == list(ENVIRONMENTS)


class TestSettings:
    def given(self, **changes: Any) -> DeliverySettings:
        deployment = {"environment": "dev", "github_environment": "dev"}
        wanted: dict[str, Any] = {"repository": "me/my-lake", "deployments": [deployment]}
        return DeliverySettings.model_validate(wanted | changes)

    def test_a_subject_is_of_a_github_environment_or_of_a_branch(self) -> None:
        branch = {"environment": "prod", "branch": "release/1"}
        of_environment, of_branch = self.given(
            deployments=[*self.given().model_dump()["deployments"], branch]
        ).deployments

        assert of_environment.subject == "environment:dev"
        assert of_branch.subject == "ref:refs/heads/release/1"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"repository": "my-lake"},
            {"repository": "me/*"},
            {"deployments": []},
            {"deployments": [{"environment": "dev"}]},
            {"deployments": [{"environment": "dev", "branch": "a", "github_environment": "b"}]},
            {"deployments": [{"environment": "dev", "branch": "*"}]},
            {"deployments": [{"environment": "dev", "github_environment": "prod:x"}]},
            {"deployments": [{"environment": "dev", "branch": "a"}] * 2},
        ],
    )
    def test_what_would_trust_more_than_one_place_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"repository|deployments"):
            self.given(**wrong)
