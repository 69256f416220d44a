"""A place of its own for a rehearsal, which leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.mwaa.airflow import process_environment
from infra.local.mwaa.commands import Runner
from infra.local.mwaa.layout import Layout
from infra.local.settings import LocalSettings
from infra.local.supervisor.processes import home_marker

ENVIRONMENT_NAME = "rehearsal"


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """Folders and a runner of commands; `settings` are the laptop's with another home."""

    folder: Path
    settings: LocalSettings
    layout: Layout
    runner: Runner

    @property
    def component_environment(self) -> dict[str, str]:
        """What a startup script sees: MWAA's variables, and the laptop's way to the Internet."""
        own = process_environment(self.layout, ENVIRONMENT_NAME, region=self.settings.region)
        return network_variables() | own


@contextmanager
def scratch(settings: LocalSettings) -> Iterator[Scratch]:
    """Make the place below the laptop's home folder, and remove it at the end."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="rehearsal-") as name:
        folder = Path(name)
        layout = Layout(folder / "environment")
        layout.make()
        yield Scratch(
            folder=folder,
            settings=settings.model_copy(update={"home": folder}),
            layout=layout,
            runner=Runner(marker=home_marker(folder)),
        )


def network_variables() -> dict[str, str]:
    """The person's package indexes, proxies and certificates."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "UV_", "SSL_CERT_")) or name.upper().endswith("_PROXY")
    }
