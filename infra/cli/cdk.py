"""The real `cdk`, pointed at the embedded AWS."""

from __future__ import annotations

import subprocess

from infra.cli.aws import process_environment
from infra.cli.steps import Failed, detail
from infra.local.settings import REPOSITORY, LocalSettings

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def cdk(*arguments: str, settings: LocalSettings) -> None:
    """Run `cdk`, saying what it says.

    Raises:
        Failed: it ended with another exit code than 0.
    """
    environment = process_environment(
        settings,
        CDK_DEFAULT_ACCOUNT=settings.account_id,
        CDK_DEFAULT_REGION=settings.region,
        # Of its own, because cdk remembers which account an access key belongs to.
        CDK_HOME=str(settings.home / "cdk"),
        CDK_DISABLE_VERSION_CHECK="1",
        CDK_DISABLE_CLI_TELEMETRY="true",
    )
    command = [str(CDK), *arguments, "--no-notices", "--ci"]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101  # Popen was asked for a pipe
        for line in process.stdout:
            if line.strip():
                detail(line.rstrip())
    if process.returncode:
        raise Failed(f"cdk {' '.join(arguments)} ended with exit code {process.returncode}")
