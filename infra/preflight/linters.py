"""What the linters say of the templates of an environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from infra.local.settings import REPOSITORY
from infra.preflight.assembly import REPORT, Assembly
from infra.preflight.suppressions import Finding

LINTERS = REPOSITORY / ".lake" / "linters-venv" / "bin"
"""Where checkov and parliament are, with packages that the others' contradict."""
INSTALL = "make .lake/linters-venv/.installed"
PARLIAMENT = Path(__file__).with_name("parliament_probe.py")
LIMIT_SECONDS = 600


class LinterError(Exception):
    """A linter did not run; its text is why."""


def cfn_lint(assembly: Assembly) -> Iterator[Finding]:
    """CloudFormation's own rules: types, values, references."""
    files = [str(assembly.folder / f"{stack}.template.json") for stack in assembly.templates]
    command = Path(sys.executable).with_name("cfn-lint")
    said = _run(command, "--format", "json", "--", *files)
    for match in json.loads(said or "[]"):
        stack = Path(match["Filename"]).name.removesuffix(".template.json")
        path = match["Location"].get("Path") or []
        is_resource = len(path) > 1 and path[0] == "Resources"
        yield Finding(
            linter="cfn-lint",
            rule=match["Rule"]["Id"],
            resource=assembly.path(stack, path[1]) if is_resource else stack,
            text=match["Message"],
        )


def cdk_nag(assembly: Assembly) -> Iterator[Finding]:
    """The rules of AWS Solutions, which ran while the templates were made."""
    report = assembly.folder / REPORT
    if not report.exists():
        raise LinterError(f"the synthesis wrote no {REPORT}")
    for plugin in json.loads(report.read_text())["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield Finding(
                    linter="cdk-nag",
                    rule=violation["ruleName"],
                    resource=construct["constructPath"].removeprefix(f"{assembly.prefix}-"),
                    text=violation["description"],
                )


def checkov(assembly: Assembly) -> Iterator[Finding]:
    """The rules of checkov for CloudFormation."""
    said = _run(
        LINTERS / "checkov",
        *("--framework", "cloudformation", "--skip-download", "--quiet", "--compact"),
        *("--output", "json"),
        *(
            part
            for stack in assembly.templates
            for part in ("--file", str(assembly.folder / f"{stack}.template.json"))
        ),
    )
    yield from checkov_findings(json.loads(said), assembly)


def checkov_findings(report: Any, assembly: Assembly) -> Iterator[Finding]:
    """The findings of checkov's report."""
    for failure in report["results"]["failed_checks"]:
        stack = Path(failure["file_path"]).name.removesuffix(".template.json")
        yield Finding(
            linter="checkov",
            rule=failure["check_id"],
            resource=assembly.path(stack, failure["resource"].partition(".")[2]),
            text=failure["check_name"],
        )


def parliament(assembly: Assembly) -> Iterator[Finding]:
    """The statements of every identity policy: unknown actions, wrong ARNs and conditions."""
    documents = list(policies(assembly))
    said = _run(
        LINTERS / "python", "-P", "-W", "ignore", str(PARLIAMENT), given=json.dumps(documents)
    )
    for found in json.loads(said):
        yield Finding(linter="parliament", **found)


def policies(assembly: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    """The identity policies, each with the path of its construct."""
    for resource in assembly.resources:
        if resource.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield resource.path, resource.properties["PolicyDocument"]
        elif resource.type == "AWS::IAM::Role":
            for inline in resource.properties.get("Policies", ()):
                yield resource.path, inline["PolicyDocument"]


def _run(command: Path, *arguments: str, given: str = "") -> str:
    """What a linter printed, whose exit code says whether it found something."""
    if not command.exists():
        raise LinterError(f"{command.name} is not installed")
    try:
        done = subprocess.run(
            [str(command), *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise LinterError(f"{command.name} was not done after {LIMIT_SECONDS} s") from None
    if done.returncode and not done.stdout.lstrip().startswith(("[", "{")):
        raise LinterError(f"{command.name}: {done.stderr.strip()[-500:]}")
    return done.stdout


def shown(findings: Iterable[Finding], most: int = 5) -> str:
    """The first findings, and how many more there are."""
    lines = [str(finding) for finding in findings]
    more = [f"… and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])
