"""What a deploy would do to what is deployed, as checks."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from infra.changes.deployed import read_deployed
from infra.changes.findings import Finding, findings
from infra.changes.mwaa import Verdict
from infra.changes.templates import Templates
from infra.preflight.assembly import Assembly
from infra.preflight.connection import Account
from infra.preflight.result import Result, failed, not_checked, passed, warned

CHECK = "changes"
MAY_READ = (
    "credentials that may call airflow:GetEnvironment, and cloudformation:DescribeStacks and "
    "GetTemplate on the environment's stacks"
)
ALLOW = "--allow-replacement says that this is meant"


def check_changes(
    assembly: Assembly, *, account: Account, allow_replacement: bool
) -> Iterator[Result]:
    """Compare the templates of `assembly` with those that are deployed.

    A change that loses something fails, unless `allow_replacement`; one that the deploy cannot do
    fails always.
    """
    try:
        account_id = account.connect("sts").get_caller_identity()["Account"]
        deployed = read_deployed(
            assembly.prefix,
            assembly.templates.keys(),
            connect=account.connect,
            account=account_id,
            region=account.region,
        )
    except (BotoCoreError, ClientError) as error:
        yield failed(CHECK, f"what is deployed cannot be read: {error}", MAY_READ)  # never unseen
        return
    if not deployed.templates.by_stack:
        yield not_checked(CHECK, f"no stack of {assembly.prefix} is deployed yet")
        return
    wanted = Templates(by_stack=assembly.templates, account=account_id, region=account.region)
    found = list(findings(deployed, wanted))
    if not found:
        yield passed(CHECK, "nothing that holds data is replaced, deleted or updated")
    for finding in found:
        yield _result(finding, allow_replacement=allow_replacement)


def _result(finding: Finding, *, allow_replacement: bool) -> Result:
    check = f"{CHECK}: {finding.subject}"
    match finding.verdict:
        case Verdict.REFUSED:
            return failed(check, finding.found, finding.instead)
        case Verdict.LOSES if not allow_replacement:
            return failed(check, finding.found, f"{finding.instead}; {ALLOW}")
        case _:
            return warned(check, finding.found, finding.instead)
