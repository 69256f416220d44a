"""The templates of an environment, held to four linters and one list of exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType

from infra.preflight.assembly import Assembly
from infra.preflight.linters import (
    INSTALL,
    LinterError,
    cdk_nag,
    cfn_lint,
    checkov,
    parliament,
    shown,
)
from infra.preflight.result import Result, failed, not_checked, passed
from infra.preflight.suppressions import Finding, Linter, Suppression, unsuppressed, unused

type Lint = Callable[[Assembly], Iterable[Finding]]

ALL: Mapping[Linter, Lint] = MappingProxyType(
    {"cfn-lint": cfn_lint, "cdk-nag": cdk_nag, "parliament": parliament, "checkov": checkov}
)


def check_templates(
    assembly: Assembly,
    *,
    suppressions: Sequence[Suppression],
    linters: Mapping[Linter, Lint] = ALL,
) -> Iterator[Result]:
    """Run the linters at the same time, and say what none of the `suppressions` covers."""
    count = sum(len(template["Resources"]) for template in assembly.templates.values())
    yield passed("templates: synthesis", f"{len(assembly.templates)} stacks, {count} resources")
    with ThreadPoolExecutor(len(linters)) as pool:
        running = {name: pool.submit(_all, lint, assembly) for name, lint in linters.items()}
    ran: set[Linter] = set()
    findings: list[Finding] = []
    for name, future in running.items():
        error = future.exception()
        if isinstance(error, LinterError):
            yield not_checked(f"templates: {name}", str(error), INSTALL)
            continue
        ran.add(name)
        findings += future.result()
        yield judged(name, future, suppressions)
    yield all_used(findings, [one for one in suppressions if one.linter in ran])


def judged(
    name: Linter, future: Future[list[Finding]], suppressions: Sequence[Suppression]
) -> Result:
    """What is left of a linter's findings."""
    check, found = f"templates: {name}", future.result()
    left = unsuppressed(found, suppressions)
    if left:
        return failed(
            check, shown(left), "mend it, or say why not in infra/preflight/suppressions.yaml"
        )
    return passed(check, f"no finding, {len(found)} suppressed with a reason")


def all_used(findings: Sequence[Finding], suppressions: Sequence[Suppression]) -> Result:
    """Whether every suppression covers something."""
    check, left = "templates: suppressions", unused(findings, suppressions)
    if left:
        named = (f"{one.linter} {one.rule} {one.resource}" for one in left)
        return failed(
            check,
            "covers nothing: " + "; ".join(named),
            "take it out of infra/preflight/suppressions.yaml",
        )
    return passed(check, f"each of {len(suppressions)} covers something")


def _all(lint: Lint, assembly: Assembly) -> list[Finding]:
    return list(lint(assembly))
