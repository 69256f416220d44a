"""The templates of an environment, with what cdk-nag has to say of them.

    python -m infra.preflight.synthesis ENVIRONMENT FOLDER

A process of its own, from the root of the checkout: the CDK keeps a Node beside each process that
imports it.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from app import REFUSALS, add_environment
from infra.chosen import environment_settings
from infra.local.settings import REPOSITORY


def main(environment: str, folder: str) -> None:
    """Synthesize as `cdk synth` does, with its context."""
    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    app = cdk.App(
        context=context | {"aws:cdk:enable-path-metadata": True},
        outdir=folder,
        analytics_reporting=False,
    )
    try:
        add_environment(app, settings=environment_settings(environment), repository=REPOSITORY)
    except REFUSALS as refused:
        sys.exit(str(refused))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with suppress(RuntimeError):  # of findings, which the report has; it is written before
        app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
