"""What runs in containers, as `lake status` and `lake logs` print it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ConfigDict
from rich.markup import escape
from rich.table import Table

from infra.cli.aws import client
from infra.cli.daemon import coloured
from infra.cli.engine import engine_errors
from infra.cli.environment import describe
from infra.cli.ledger import LedgerRun, runs_table
from infra.cli.steps import Failed, console
from infra.compose.containers import Container, containers
from infra.compose.engine import compose
from infra.compose.secrets import users_password
from infra.local.mwaa.airflow import ADMIN
from infra.local.settings import LocalSettings
from infra.local.supervisor.lock import running_pid


class EnvironmentStatus(BaseModel):
    """An MWAA environment that the containers run."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: str
    """As GetEnvironment has it."""
    url: str
    username: str
    password: str
    error: str
    """Why the last create or update failed; empty when it did not."""
    differences: list[str]
    """What the containers have otherwise than the environment asks for."""


def find_containers(settings: LocalSettings) -> list[Container]:
    """The containers; none where processes of this machine serve the embedded AWS instead.

    Raises:
        Failed: Compose does not say which there are.
    """
    if running_pid(settings.home):
        return []
    with engine_errors():
        return containers(settings)


def print_status(
    there: Sequence[Container],
    settings: LocalSettings,
    *,
    as_json: bool,
    runs: Callable[[], list[LedgerRun]],
) -> None:
    """Print the containers, and, where their services are healthy, environments and last runs."""
    healthy = {each.service for each in there if each.condition == "healthy"}
    answers = {"aws", "mwaa"} <= healthy  # an official image is without the service `mwaa`
    environments = _environments(there, settings) if answers else []
    last_runs = runs() if answers else []
    if as_json:
        document = {
            "endpoint_url": settings.endpoint_url,
            "ready": "aws" in healthy,
            "environments": [each.model_dump() for each in environments],
            "containers": [_document(each) for each in there],
            "runs": [run.model_dump(mode="json") for run in last_runs],
        }
        print(json.dumps(document, indent=2))
        return
    state = "up" if "aws" in healthy else "does not answer"
    console.print(f"Embedded AWS  {settings.endpoint_url}  {state}, in containers")
    for environment in environments:
        _print_environment(environment)
    table = Table("component", "container", "state", "since", header_style="bold")
    for each in there:
        table.add_row(each.service, each.name, coloured(each.condition), each.since)
    console.print(table)
    if last_runs:
        console.print(runs_table(last_runs))


def _document(container: Container) -> dict[str, str]:
    labels = {"environment_class": container.environment_class}
    return {**container.model_dump(exclude={"labels"}), **labels}


def _print_environment(environment: EnvironmentStatus) -> None:
    console.print(
        f"Environment   {environment.name}  {coloured(environment.status)}  {environment.url}"
        f"  user {environment.username}  password {environment.password}"
    )
    if environment.error:
        console.print(f"  [red]{escape(environment.error)}[/]")
    for difference in environment.differences:
        console.print(f"  [yellow]{escape(difference)}[/]")


def _environments(there: Sequence[Container], settings: LocalSettings) -> list[EnvironmentStatus]:
    names = client("mwaa", settings).list_environments()["Environments"]
    described = [document for name in names if (document := describe(name, settings))]
    return [
        EnvironmentStatus(
            name=each["Name"],
            status=each["Status"],
            url=f"http://{each['WebserverUrl']}",
            username=ADMIN,
            password=users_password(settings.home / "compose"),
            error=each["LastUpdate"].get("Error", {}).get("ErrorMessage", ""),
            differences=differences(each, there),
        )
        for each in described
    ]


def differences(environment: dict[str, Any], there: Sequence[Container]) -> list[str]:
    """What the containers have otherwise than the environment asks for, as sentences."""
    said = []
    wanted = environment["EnvironmentClass"]
    if others := {each.environment_class for each in there} - {"", wanted}:
        said.append(
            f"class: the containers are {', '.join(sorted(others))}, and it asks for {wanted}"
        )
    workers = sum(each.service == "worker" and each.state == "running" for each in there)
    least, most = environment["MinWorkers"], environment["MaxWorkers"]
    if not least <= workers <= most:
        asked = str(least) if least == most else f"{least} to {most}"
        said.append(f"workers: {workers} run, and it asks for {asked}")
    return said


def print_logs(
    there: Sequence[Container],
    settings: LocalSettings,
    *,
    component: str,
    lines: int,
    follow: bool,
) -> None:
    """Print the end of the containers' logs.

    Raises:
        Failed: there is no such component, or Compose fails.
    """
    services = sorted({each.service for each in there})
    if component and component not in services:
        raise Failed(f"no container of {component!r}; there are: {', '.join(services)}")
    options = ["--tail", str(lines), *(["--follow"] if follow else [])]
    # A person ends --follow so.
    with engine_errors(), suppress(KeyboardInterrupt):
        compose("logs", *options, *([component] if component else []), settings=settings)
