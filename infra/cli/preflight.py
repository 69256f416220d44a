"""`lake preflight`: what would fail 20 minutes into the creation of an environment, said before."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from infra.cli.steps import console
from infra.preflight.result import Outcome, Result, any_failed

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
