"""What the supervisor tells the embedded AWS: environment variables with the prefix `LAKE_`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.emulator.start import CannotStart


class SettingsError(CannotStart):
    """A variable is missing or malformed; the message names it and the expected shape."""


_SHAPES = {
    "LAKE_AWS_PORT": (r"\d{4,5}", "a port from 1024 to 65535"),
    "LAKE_STATE_DIR": (r"/.+", "an absolute folder"),
    "LAKE_ACCOUNT_ID": (r"\d{12}", "an account of twelve digits"),
    "LAKE_REGION": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1"),
    "LAKE_SUPERVISOR_URL": (
        r"http://(127\.0\.0\.1|mwaa):\d+",
        "http://127.0.0.1:PORT, or http://mwaa:PORT in a container",
    ),
    "LAKE_CONTROL_KEY": (r"\S{16,}", "a secret of at least 16 characters"),
    "LAKE_AWS_HOST": (r"127\.0\.0\.1|0\.0\.0\.0", "127.0.0.1, or 0.0.0.0 in a container"),
}
_DEFAULTS = {"LAKE_AWS_HOST": "127.0.0.1"}


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """The embedded AWS's settings, complete and checked."""

    port: int
    state_dir: Path
    """Everything that is persisted lies in it."""
    account_id: str
    region: str
    supervisor_url: str
    """The daemon that answers the `mwaa` API."""
    control_key: str
    """The secret that the supervisor and the embedded AWS share, and nobody else."""
    host: str = "127.0.0.1"
    """The address that it listens on."""

    @property
    def endpoint_url(self) -> str:
        """The address at which this process answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def object_dir(self) -> Path:
        """Where S3 keeps its objects."""
        return self.state_dir / "s3"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> EmulatorSettings:
        """Read the settings from `environ`.

        Raises:
            SettingsError: a variable is missing or has another shape.
        """
        values = {}
        for name, (pattern, shape) in _SHAPES.items():
            value = environ.get(name, _DEFAULTS.get(name, ""))
            if not re.fullmatch(pattern, value):
                # The value is left out: LAKE_CONTROL_KEY is a secret.
                raise SettingsError(
                    f"{name} must be {shape}; it is {'set' if value else 'not set'}"
                )
            values[name] = value
        port = int(values["LAKE_AWS_PORT"])
        if not 1024 <= port <= 65535:  # noqa: PLR2004 - the range of unprivileged ports
            raise SettingsError(f"LAKE_AWS_PORT must be a port from 1024 to 65535; it is {port}")
        return cls(
            port=port,
            state_dir=Path(values["LAKE_STATE_DIR"]),
            account_id=values["LAKE_ACCOUNT_ID"],
            region=values["LAKE_REGION"],
            supervisor_url=values["LAKE_SUPERVISOR_URL"],
            control_key=values["LAKE_CONTROL_KEY"],
            host=values["LAKE_AWS_HOST"],
        )

    def ministack_environment(self) -> dict[str, str]:
        """The environment variables that ministack reads while it is imported."""
        return {
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": self.account_id,
            "MINISTACK_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",  # the root user of the laptop
            "AWS_SECRET_ACCESS_KEY": "test",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state_dir / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.object_dir),
            "LOG_LEVEL": "WARNING",
            # No listener besides HTTP, and never Docker.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.state_dir}/no-docker.sock",
        }
