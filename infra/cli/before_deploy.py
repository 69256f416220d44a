"""The commands before a deploy: what would fail, what would be lost, what it costs and needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.chosen import UnknownEnvironmentError, environment_settings
from infra.cli.options import AllowReplacement, EnvironmentArgument
from infra.cli.settings import local_settings
from infra.cli.steps import Failed, errors
from infra.settings import EnvironmentSettings

before_deploy = typer.Typer()


@before_deploy.command()
def preflight(
    environment: EnvironmentArgument = "dev",
    *,
    account: Annotated[bool, typer.Option(help="Ask the account, too.")] = True,
    aws: Annotated[
        bool,
        typer.Option("--aws", help="The account on AWS of the shell's credentials, not the "
                     "embedded one."),
    ] = False,
    allow_replacement: AllowReplacement = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:  # fmt: skip
    """Check what can be known before MWAA creates the environment, which takes it 20 minutes.

    Requirements, DAGs, templates, account and cost; a line each. With --no-account, nothing has to
    run. The exit code is 1 if a check fails, 2 for a wrong use.
    """
    from infra.cli import preflight as printed  # noqa: PLC0415  # seconds of imports
    from infra.preflight import run  # noqa: PLC0415  # likewise
    from infra.preflight.result import any_failed  # noqa: PLC0415  # likewise

    if aws and not account:
        raise typer.BadParameter("--aws is an account to ask", param_hint="--no-account")
    target, settings = _environment_argument(environment), local_settings()
    asked = None
    if account:
        asked = printed.shell_account(target) if aws else printed.embedded_account(settings)
    with errors.status(f"Checking {environment}, which takes a minute"):
        results = list(
            run.preflight(
                target, local=settings, account=asked, allow_replacement=allow_replacement
            )
        )
    printed.print_results(results, as_json=as_json)
    if any_failed(results):
        raise typer.Exit(1)


@before_deploy.command()
def changes(
    environment: EnvironmentArgument = "dev",
    *,
    aws: Annotated[
        bool, typer.Option("--aws", help="On AWS, by the shell's credentials; else here.")
    ] = False,
    allow_replacement: AllowReplacement = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what a deploy would do to what is deployed: replaced, deleted, updated in place, refused.

    Nothing is changed. The exit code is 1 if something would be lost, or the deploy would fail.
    """
    from infra.cli.preflight import embedded_account, print_results, shell_account  # noqa: PLC0415
    from infra.preflight import run  # noqa: PLC0415  # seconds of imports
    from infra.preflight.assembly import SynthesisError  # noqa: PLC0415  # likewise
    from infra.preflight.result import any_failed  # noqa: PLC0415  # likewise

    target = _environment_argument(environment)
    account = shell_account(target) if aws else embedded_account(local_settings())
    try:
        with errors.status(f"Comparing {environment} with what is deployed"):
            results = run.changes(target, account=account, allow_replacement=allow_replacement)
    except SynthesisError as error:
        raise Failed(str(error)) from error
    print_results(results, as_json=as_json)
    if any_failed(results):
        raise typer.Exit(1)


@before_deploy.command()
def cost(environment: EnvironmentArgument = "dev") -> None:
    """Print what an environment costs a month, by resource: low, typical, high.

    Nothing has to run.
    """
    from infra.cli.preflight import print_costs  # noqa: PLC0415  # seconds of imports

    print_costs(_environment_argument(environment))


@before_deploy.command()
def rights(
    environment: EnvironmentArgument = "dev",
    *,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="The account; by default that of the settings.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="The region; by default that of the settings.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the policies.")] = Path("cdk.out/rights"),
) -> None:
    """Write the IAM policies that CloudFormation needs to deploy an environment, and no more.

    Nothing has to run. It prints the commands that give them to an account (docs/deploy.md).
    """
    from infra.cli.rights import write_rights  # noqa: PLC0415  # seconds of imports

    settings = _environment_argument(environment)
    write_rights(settings, account=account, region=region, folder=out)


def _environment_argument(name: str) -> EnvironmentSettings:
    try:
        return environment_settings(name)
    except UnknownEnvironmentError as error:
        raise typer.BadParameter(str(error), param_hint="ENVIRONMENT") from error
