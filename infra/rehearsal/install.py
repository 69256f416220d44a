"""The requirements, installed as MWAA installs them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.local.mwaa.bundle import Builder, Sources
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.virtualenv import VirtualEnvironments
from infra.local.settings import LocalSettings
from infra.rehearsal.requirements_file import RequirementsFile, image_pins
from infra.rehearsal.scratch import scratch


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What an installation gave."""

    added: dict[str, str]
    """The versions of the packages that are not in the image, by name."""
    seconds: float


async def install_requirements(
    requirements: RequirementsFile,
    *,
    plugins_zip: bytes,
    startup_script: str,
    settings: LocalSettings,
) -> Installation:
    """Run the startup script, then install `requirements` into a copy of MWAA's image.

    Raises ConfigurationError naming file, line and package when a package of the image would be
    changed, or with what the installer said when something cannot be had in time.
    """
    requirements.refuse_overrides(image_pins())
    with scratch(settings) as place:
        environments = VirtualEnvironments(place.settings, place.runner)
        builder = Builder(
            layout=place.layout, virtual_environments=environments, runner=place.runner
        )
        sources = Sources(
            plugins_zip=plugins_zip, requirements=requirements.text, startup_script=startup_script
        )
        await environments.make_image()
        started = time.monotonic()
        try:
            build = await builder.make(
                builder.store(sources), environment=place.component_environment
            )
        except ConfigurationError as error:
            lines = requirements.blame(str(error))
            raise ConfigurationError(f"{lines or requirements.path}\n{error}") from None
        return Installation(added=_added(build.venv), seconds=time.monotonic() - started)


def _added(venv: Path) -> dict[str, str]:
    """What is in the environment beyond the image."""
    (site_packages,) = venv.glob("lib/python3.*/site-packages")
    found = {
        canonicalize_name(distribution.metadata["Name"]): distribution.version
        for distribution in distributions(path=[str(site_packages)])
    }
    return {name: found[name] for name in sorted(found) if name not in image_pins()}
