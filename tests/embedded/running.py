"""An embedded AWS as a process of its own, on a free port with a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from infra.local.settings import REPOSITORY, LocalSettings

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
CONTROL_KEY = "the-key-of-these-tests"
START_SECONDS = 60


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Keys:
    """Who calls."""

    access_key_id: str = "test"
    secret_access_key: str = "test"
    session_token: str | None = None


ROOT = Keys()


@dataclass
class RunningEmulator:
    """Starts, kills and starts again an embedded AWS that keeps its state in `folder`."""

    folder: Path
    supervisor_url: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def variables(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "PYTHONPATH": str(REPOSITORY),
            "LAKE_AWS_PORT": str(self.port),
            "LAKE_STATE_DIR": str(self.folder / "state"),
            "LAKE_ACCOUNT_ID": ACCOUNT_ID,
            "LAKE_REGION": REGION,
            "LAKE_SUPERVISOR_URL": self.supervisor_url,
            "LAKE_CONTROL_KEY": CONTROL_KEY,
        }

    def spawn(self, **changed: str) -> subprocess.Popen[bytes]:
        """Start the process, without waiting for it."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [LocalSettings().emulator_python, "-m", "infra.local.emulator"],
                cwd=REPOSITORY,
                env=self.variables() | changed,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.PIPE,
            )

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.process = self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.endpoint_url}/_ministack/health")
            except httpx.TransportError:
                assert self.process.poll() is None, self.log
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the embedded AWS does not answer: {self.log}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the process a signal and wait until it is gone."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=20)

    def kill_and_start(self) -> None:
        """`kill -9`, then start again on the same folder."""
        self.end(signal.SIGKILL)
        self.start()

    def client(self, service: str, keys: Keys = ROOT, **config: Any) -> Any:
        """A boto3 client."""
        connect: Any = boto3.client  # typed for literal names only
        return connect(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=Config(
                s3={"addressing_style": "path"},
                inject_host_prefix=False,
                **{"retries": {"max_attempts": 1}, **config},
            ),
        )

    def assume(
        self,
        role_arn: str,
        *,
        service: str | None = None,
        source_arn: str | None = None,
        key: str = CONTROL_KEY,
    ) -> Keys:
        """The keys of a role's session, asked for by the root user or as a service."""
        sts = self.client("sts")
        if service is not None:

            def name_service(request: Any, **_: Any) -> None:
                request.headers["X-Lake-Control-Key"] = key
                request.headers["X-Lake-Service"] = service
                if source_arn is not None:
                    request.headers["X-Lake-Source-Arn"] = source_arn

            sts.meta.events.register("before-sign.sts.AssumeRole", name_service)
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="AmazonMWAA-airflow")
        credentials = answer["Credentials"]
        return Keys(
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials["SessionToken"],
        )
