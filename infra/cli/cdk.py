"""The real `cdk`, pointed at the embedded AWS."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from infra.cli.aws import process_environment
from infra.cli.steps import Failed, detail
from infra.local.settings import REPOSITORY, LocalSettings

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"
WORTH_SAYING = re.compile(
    r"✅|❌|✨ {2}(Synthesis|Deployment) time|_FAILED|: destroying|bootstrapped"
)
LAST_LINES = 60


def cdk(*arguments: str, settings: LocalSettings, folder: Path = REPOSITORY) -> None:
    """Run `cdk` in `folder`; its output goes to the log `cdk-<command>`, the stacks are said here.

    Raises:
        Failed: it ended with another exit code than 0; with the end of what it said.
    """
    log = settings.home / "logs" / f"cdk-{arguments[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as written:
        process = subprocess.Popen(
            [str(CDK), *arguments, "--no-notices", "--ci"],
            cwd=folder,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdout is not None  # noqa: S101  # Popen was asked for a pipe
            for line in process.stdout:
                written.write(line)
                if WORTH_SAYING.search(line):
                    detail(line.strip())
    if process.returncode:
        end = "".join(log.read_text().splitlines(keepends=True)[-LAST_LINES:])
        raise Failed(f"{end}\ncdk {' '.join(arguments)} ended with exit code {process.returncode}")


def _environment(settings: LocalSettings) -> dict[str, str]:
    return process_environment(
        settings,
        CDK_DEFAULT_ACCOUNT=settings.account_id,
        CDK_DEFAULT_REGION=settings.region,
        # Of its own, because cdk remembers which account an access key belongs to.
        CDK_HOME=str(settings.home / "cdk"),
        CDK_DISABLE_VERSION_CHECK="1",
        CDK_DISABLE_CLI_TELEMETRY="true",
    )
