"""`lake`: the lake on this machine, from a shell."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from infra.chosen import environment_settings
from infra.cli import containers, daemon, rehearsal
from infra.cli.aws import print_exports
from infra.cli.before_deploy import before_deploy
from infra.cli.cdk import cdk
from infra.cli.changes import refuse_losses
from infra.cli.compose import compose
from infra.cli.data import data
from infra.cli.db import AVAILABLE_TIMEOUT_SECONDS, db
from infra.cli.demo import demo as run_demo
from infra.cli.demo_warehouse import demo_warehouse
from infra.cli.environment import DeployedEnvironment, wait_until_available
from infra.cli.ledger import recent_runs
from infra.cli.messages import print_messages, read_messages
from infra.cli.options import AllowReplacement, Environment
from infra.cli.settings import local_settings
from infra.cli.steps import Failed, console, errors, step
from infra.cli.target import find_target
from infra.local.settings import REPOSITORY, LocalSettings
from infra.local.supervisor.lock import running_pid
from infra.settings import SettingsRefused

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="The lake on this machine: the AWS embedded here, its Airflow, and the tables.\n\n"
    "Ports and folders are set by LAKE_AWS_PORT, LAKE_SUPERVISOR_PORT, LAKE_AIRFLOW_PORT "
    "and LAKE_HOME.",
)

app.add_typer(data)
app.add_typer(before_deploy)
app.add_typer(rehearsal.requirements, name="requirements")
app.add_typer(rehearsal.startup, name="startup")
app.add_typer(compose, name="compose")
app.add_typer(db, name="db")


@app.command()
def up(
    environment: Environment = "dev",
    redshift: Annotated[
        bool, typer.Option(help="With Redshift, and the models on it (docs/redshift.md).")
    ] = False,
    allow_replacement: AllowReplacement = False,
) -> None:
    """Start the embedded AWS and deploy the environment to it with the real `cdk`.

    What stands is reused: the second time, a deploy without a change.
    """
    settings = local_settings()
    target = environment_settings(environment)
    templates = str(settings.home / "cdk.out" / environment)
    context = ["-c", f"environment={environment}", *(["-c", "redshift=true"] if redshift else [])]
    with ThreadPoolExecutor(1) as background:
        synthesis = background.submit(
            cdk, "synth", "--quiet", "--output", templates, *context, settings=settings
        )
        with step("Starting the embedded AWS"):
            daemon.start(settings)
        with step("cdk bootstrap"):
            # Away from cdk.json: with the account given, there is nothing to synthesize.
            account = f"aws://{settings.account_id}/{settings.region}"
            cdk("bootstrap", account, settings=settings, folder=settings.home)
        with step("cdk synth, begun at the start"):
            synthesis.result()
    refuse_losses(
        Path(templates), settings=target, local=settings, allow_replacement=allow_replacement
    )
    with step(f"cdk deploy --all, environment {environment}"):
        cdk(
            "deploy", "--all", "--require-approval", "never", "--app", templates,
            settings=settings,
        )  # fmt: skip
    with step(f"Waiting until the MWAA environment {target.prefix} is AVAILABLE"):
        wait_until_available(target.prefix, settings, timeout_seconds=AVAILABLE_TIMEOUT_SECONDS)
    _say_where(environment, settings)


class Demo(StrEnum):
    """What `lake demo` shows."""

    INGESTION = "ingestion"
    WAREHOUSE = "warehouse"


@app.command()
def demo(
    what: Annotated[Demo, typer.Argument(help="Which sample.")] = Demo.INGESTION,
    environment: Environment = "dev",
) -> None:
    """Drop sample files, wait until Airflow has loaded them, and query the tables.

    `warehouse` is a month of a music service: its star, and the songs that paying users play most.
    Exits with 0 only if the tables hold exactly what the files hold.
    """
    settings = local_settings()
    deployed = DeployedEnvironment.read(environment, settings)
    if what is Demo.WAREHOUSE:
        demo_warehouse(environment=deployed, settings=settings)
    else:
        run_demo(environment=deployed, settings=settings)
    if running_pid(settings.home):  # in containers, `lake compose up` has said it
        _say_where(environment, settings)


@app.command()
def status(
    environment: Environment = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show what runs: the embedded AWS, each MWAA environment, its components, its last runs.

    In containers, also where they have another size than the environment asks for.
    """
    settings = local_settings()
    runs = partial(recent_runs, environment, settings)
    if there := containers.find_containers(settings):
        containers.print_status(there, settings, as_json=as_json, runs=runs)
    else:
        daemon.print_status(settings, as_json=as_json, runs=runs)


@app.command()
def logs(
    component: Annotated[
        str, typer.Argument(help="A component that `lake status` lists; without it, all.")
    ] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines from the end.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow.")] = False,
) -> None:
    """Print the logs of the embedded AWS and of Airflow's components."""
    settings = local_settings()
    wanted: dict[str, Any] = {"component": component, "lines": lines, "follow": follow}
    if there := containers.find_containers(settings):
        containers.print_logs(there, settings, **wanted)
    else:
        daemon.print_logs(settings, **wanted)


@app.command()
def sync(
    environment: Annotated[str, typer.Argument(help="An environment of infra/environments.py.")],
    *,
    aws: Annotated[
        bool, typer.Option("--aws", help="On AWS, by the shell's credentials; else here.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print, and change nothing.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where a part needs a deploy.")
    ] = False,
    timeout_seconds: Annotated[
        float, typer.Option(help="How long Airflow may take to parse.")
    ] = 300,
) -> None:
    """Bring dags/ to an environment without a deploy, and wait until Airflow has parsed it.

    What differs is uploaded, what went is deleted; what `cdk synth` refuses is refused before that.
    Plugins, requirements and the startup script are not touched (docs/delivery.md).
    """
    from infra.cli.sync import sync as sync_dags  # noqa: PLC0415  # half a second of imports

    settings = environment_settings(environment)
    sync_dags(
        find_target(settings, on_aws=aws, local=local_settings),
        settings=settings,
        repository=REPOSITORY,
        dry_run=dry_run,
        strict=strict,
        timeout_seconds=timeout_seconds,
    )


@app.command()
def messages(
    environment: Environment = "dev",
    last: Annotated[int, typer.Option(min=1, help="The newest of them.")] = 10,
) -> None:
    """Print what people were told of problems: the messages that the environment's topic sent.

    They come from its inbox, which keeps them for 14 days; reading takes none away.
    """
    settings = local_settings()
    deployed = DeployedEnvironment.read(environment, settings)
    print_messages(read_messages(deployed, settings)[-last:])


@app.command()
def down() -> None:
    """Stop everything: no process and no port is left. What was deployed comes back with `up`."""
    settings = local_settings()
    with step("Stopping the embedded AWS and Airflow"):
        daemon.stop(settings)


def _say_where(environment: str, settings: LocalSettings) -> None:
    """How to go on: the UI with its login, the variables, how to stop."""
    deployed = DeployedEnvironment.read(environment, settings)
    login = daemon.login(settings, deployed.name)
    console.print()
    console.print(f"Airflow      {deployed.webserver_url}  user [bold]{login.username}[/]  "
                  f"password [bold]{login.password}[/]")  # fmt: skip
    console.print('Query        lake query "SELECT count(*) FROM market_quotes"')
    console.print(f"Memory       {daemon.memory_mib(settings):,.0f} MiB in all")
    print_exports(settings)
    console.print("Stop         make down  (or: lake down)")


def main() -> None:
    """Run `lake`: what cannot be done is said in a line, with exit code 1."""
    try:
        app()
    except (Failed, SettingsRefused) as failure:
        errors.print("[red]lake:[/]", escape(str(failure)))
        sys.exit(1)
