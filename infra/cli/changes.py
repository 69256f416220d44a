"""What a deploy would lose, said before `lake up` begins it."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from infra.cli.aws import client
from infra.cli.steps import Failed, errors, step
from infra.local.settings import LocalSettings
from infra.settings import EnvironmentSettings


def refuse_losses(
    templates: Path, *, settings: EnvironmentSettings, local: LocalSettings, allow_replacement: bool
) -> None:
    """Compare the synthesized `templates` with what is deployed to the embedded AWS.

    Raises:
        Failed: the deploy would fail, or lose something and `allow_replacement` is not given.
    """
    from infra.preflight.assembly import Assembly  # noqa: PLC0415  # half a second of imports
    from infra.preflight.changes import check_changes  # noqa: PLC0415  # likewise
    from infra.preflight.connection import Account  # noqa: PLC0415  # likewise
    from infra.preflight.result import Outcome, any_failed  # noqa: PLC0415  # likewise

    account = Account(connect=lambda service: client(service, local), region=local.region)
    assembly = Assembly.read(templates, prefix=settings.prefix)
    with step("Comparing with what is deployed"):
        results = list(
            check_changes(assembly, account=account, allow_replacement=allow_replacement)
        )
    for result in results:
        if result.outcome in {Outcome.WARN, Outcome.FAIL}:
            colour = "red" if result.outcome is Outcome.FAIL else "yellow"
            errors.print(f"[{colour}]{escape(result.check)}:[/] {escape(result.found)}")
            errors.print(f"  {escape(result.mend)}")
    if any_failed(results):
        raise Failed("nothing was deployed: see above, or `lake changes`")
