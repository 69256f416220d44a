"""The requirements of an environment without a way to the Internet: from plugins.zip alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from infra.bundle import CONSTRAINTS
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.virtualenv import MWAA_FOLDER
from infra.local.settings import LocalSettings
from infra.rehearsal.requirements_file import RequirementsFile, image_pins
from infra.settings import NetworkSettings
from infra.wheels.lock import read_lock, unmet
from infra.wheels.store import WheelStore, own_wheels

REQUIREMENTS = Path("requirements") / "requirements.txt"
LOCK = Path("requirements") / "locks" / "mwaa-requirements.txt"
"""Both below a checkout."""
FIND_LINKS = f"--find-links {MWAA_FOLDER}plugins"
HEADER = f"""\
{FIND_LINKS}
--no-index
--constraint "{MWAA_FOLDER}plugins/{CONSTRAINTS}"
"""
"""Source: Amazon MWAA user guide, "Managing Python dependencies in requirements.txt"."""
WHERE_FROM = {
    "-c", "--constraint", "-f", "--find-links", "-i", "--index-url", "--extra-index-url",
    "--no-index", "--trusted-host",
}  # fmt: skip
"""Options that say where packages come from, which is plugins.zip alone."""


@dataclass(frozen=True, kw_only=True)
class OfflineRequirements:
    """What goes into the bundle."""

    text: str
    """Of requirements.txt."""
    wheels: tuple[Path, ...]
    """To lie in plugins.zip beside the plugins."""


def wheel_store(local: LocalSettings) -> WheelStore:
    """The laptop's, where every checkout's environment finds what was fetched once."""
    return WheelStore(folder=local.home / "wheelhouse", python=local.uv.with_name("python"))


def requirements_for(network: NetworkSettings, repository: Path) -> OfflineRequirements | None:
    """What an environment in `network` installs from plugins.zip; None: it has an index.

    Raises ConfigurationError as `locked_requirements` does.
    """
    if network.routing == "public":
        return None
    return locked_requirements(repository, store=wheel_store(LocalSettings()))


def locked_requirements(repository: Path, *, store: WheelStore) -> OfflineRequirements:
    """The requirements of the checkout, with the wheels that its lock has of them.

    Nothing is resolved: the same checkout gives the same. Raises ConfigurationError naming the
    line or package when the lock is not of the requirements, or a wheel cannot be had.
    """
    requirements = RequirementsFile.read(repository / REQUIREMENTS)
    lock = RequirementsFile.read(repository / LOCK)
    requirements.refuse_overrides(image_pins())
    own = list(own_wheels(repository / "plugins"))
    wheels = store.wheels(read_lock(lock), own=own)
    _refuse_unmet(requirements, lock, {each.name: each for each in (*own, *wheels)}.values())
    return OfflineRequirements(text=without_index(requirements), wheels=tuple(wheels))


def _refuse_unmet(
    requirements: RequirementsFile, lock: RequirementsFile, wheels: Collection[Path]
) -> None:
    wanted = [
        (f"{requirements.path}:{line.number}", each) for line, each in requirements.requirements()
    ]
    if missing := list(unmet(wanted, wheels=wheels, image=image_pins())):
        raise ConfigurationError(
            "\n".join(missing) + f"\nNeither MWAA's image nor {lock.path} has it: make the locks "
            "anew (requirements/README.md)"
        )


def without_index(requirements: RequirementsFile) -> str:
    """The same requirements, taken from the plugins folder alone."""
    lines = [line.text for line in requirements.lines() if line.option not in WHERE_FROM]
    return HEADER + "".join(f"{line}\n" for line in lines)
