"""`lake preflight`: what would fail 20 minutes into the creation of an environment, said before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
from rich.markup import escape
from rich.table import Table

from infra.cli.aws import client
from infra.cli.environment import require_listener
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings
from infra.preflight.assembly import SynthesisError
from infra.preflight.connection import Account
from infra.preflight.cost import REGION, Cost, totals
from infra.preflight.result import Outcome, Result, any_failed
from infra.preflight.run import monthly_costs
from infra.settings import EnvironmentSettings

COLOURS = {
    Outcome.PASS: "green",
    Outcome.WARN: "yellow",
    Outcome.FAIL: "red",
    Outcome.NOT_CHECKED: "dim",
}


def print_results(results: Sequence[Result], *, as_json: bool) -> None:
    """Print a line a check, and how many ended in which way."""
    if as_json:
        document = {
            "passed": not any_failed(results),
            "results": [result.as_document() for result in results],
        }
        console.print_json(json.dumps(document))
        return
    table = Table("check", "", "found", "mend", header_style="bold", show_lines=False)
    for result in results:
        outcome = f"[{COLOURS[result.outcome]}]{result.outcome}[/]"
        table.add_row(result.check, outcome, escape(result.found), escape(result.mend))
    console.print(table)
    counts = (
        f"{sum(result.outcome is outcome for result in results)} {outcome}" for outcome in Outcome
    )
    console.print(", ".join(counts))


def embedded_account(settings: LocalSettings) -> Account:
    """The account of the embedded AWS.

    Raises:
        Failed: it is not up.
    """
    try:
        require_listener(settings)
    except Failed as failure:
        raise Failed(f"{failure}; or ask AWS with --aws, or nobody with --no-account") from None
    return Account(connect=lambda service: client(service, settings), region=settings.region)


def shell_account(settings: EnvironmentSettings) -> Account:
    """The account on AWS that the shell's credentials belong to.

    Raises:
        Failed: neither the shell nor the environment's settings name a region.
    """
    session = boto3.Session()
    region = session.region_name or settings.region
    if not region:
        raise Failed("no region: set AWS_REGION, or region in infra/environments.py")
    connect: Any = session.client  # typed for literal names only
    return Account(connect=lambda service: connect(service, region_name=region), region=region)


def print_costs(settings: EnvironmentSettings) -> None:
    """Print what an environment costs a month, a line a resource.

    Raises:
        Failed: its templates cannot be made.
    """
    try:
        costs = monthly_costs(settings)
    except SynthesisError as error:
        raise Failed(str(error)) from error
    table = Table("resource", header_style="bold")
    for title in ("low", "typical", "high", "USD"):
        table.add_column(title, justify="right")
    table.add_column("a")
    table.add_column("source")
    for cost in costs:
        table.add_row(*_cost_row(cost))
    table.add_section()
    table.add_row("in all, USD a month", *(f"{total:,.2f}" for total in totals(costs)))
    console.print(table)
    console.print(f"List prices of {REGION}; what low, typical and high are: docs/preflight.md")


def _cost_row(cost: Cost) -> tuple[str, ...]:
    price = cost.price
    source = f"{price.date}, {price.source}"
    return (
        cost.resource,
        *(f"{value:,.2f}" for value in (cost.low, cost.typical, cost.high)),
        f"{price.price:.7g}",
        price.unit,
        f"[yellow]unverified[/], {source}" if price.unverified else source,
    )
