"""`lake rights`: the policies with which CloudFormation can deploy an environment, and no more."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from infra.cli.steps import Failed, console
from infra.delivery.rights import deployment_policies
from infra.preflight.assembly import SynthesisError, synthesize
from infra.settings import EnvironmentSettings


def write_rights(
    settings: EnvironmentSettings, *, account: str | None, region: str | None, folder: Path
) -> None:
    """Write a file a policy, and print how an account gets them.

    Raises:
        Failed: it is not known where the environment is deployed to, or its settings say another
            place, or its templates cannot be made.
    """
    account = _chosen("account", account, settings.account)
    region = _chosen("region", region, settings.region)
    with tempfile.TemporaryDirectory() as synthesized:
        try:
            assembly = synthesize(settings, Path(synthesized))
        except SynthesisError as error:
            raise Failed(str(error)) from error
        policies = deployment_policies(assembly, settings, account=account, region=region)
    folder.mkdir(parents=True, exist_ok=True)
    arns = []
    for number, policy in enumerate(policies, start=1):
        name = f"{settings.prefix}-deploy-{number}"
        file = folder / f"{name}.json"
        file.write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")
        arns.append(f"arn:aws:iam::{account}:policy/{name}")
        _print(f"aws iam create-policy --policy-name {name} --policy-document file://{file}")
    _print(
        f"npx cdk bootstrap aws://{account}/{region} "
        f"--cloudformation-execution-policies {','.join(arns)}"
    )


def _print(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)


def _chosen(what: str, given: str | None, set_to: str | None) -> str:
    if given and set_to and given != set_to:
        raise Failed(f"--{what} {given}: infra/environments.py says {set_to}")
    chosen = given or set_to
    if chosen is None:
        raise Failed(f"no {what}: give --{what}, or set {what} in infra/environments.py")
    return chosen
