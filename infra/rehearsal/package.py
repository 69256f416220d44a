"""Requirements with their wheels: what an environment without a way to the Internet installs."""

from __future__ import annotations

import asyncio
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.bundle import CONSTRAINTS, plugins_members, write_plugins, write_zip
from infra.local.mwaa.bundle import unpack
from infra.local.mwaa.commands import CommandError
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import LIMIT_SECONDS, map_paths
from infra.local.settings import LocalSettings
from infra.rehearsal.requirements_file import RequirementsFile, image_pins, pins
from infra.rehearsal.scratch import Scratch, network_variables, scratch
from infra.wheels.lock import read_lock
from infra.wheels.offline import (
    REQUIREMENTS,
    OfflineRequirements,
    locked_requirements,
    wheel_store,
    without_index,
)
from infra.wheels.platform import GLIBC, PYTHON
from infra.wheels.platform import NAME as PLATFORM
from infra.wheels.store import own_wheels


@dataclass(frozen=True, kw_only=True)
class Package:
    """What was written, ready to be a bundle's plugins.zip and requirements.txt."""

    plugins_zip: Path
    requirements: Path

    @property
    def wheels(self) -> dict[str, int]:
        """The size of each wheel, in bytes, by its file name."""
        with zipfile.ZipFile(self.plugins_zip) as archive:
            members = archive.infolist()
        return {each.filename: each.file_size for each in members if each.filename.endswith(".whl")}


async def package_requirements(
    requirements: RequirementsFile, *, repository: Path, output: Path, settings: LocalSettings
) -> Package:
    """Write plugins.zip, with the wheels and constraints beside the plugins, and requirements.txt.

    The wheels are those of MWAA's platform, whatever this machine's is, of the packages that
    MWAA's image does not have. Those of the checkout's own requirements are what its lock has, as
    a deploy takes them; others are resolved. Raises ConfigurationError naming file, line and
    package when a package of the image would be changed, or when there is no wheel.
    """
    packaged = Package(plugins_zip=output / "plugins.zip", requirements=output / "requirements.txt")
    members, store = plugins_members(repository), wheel_store(settings)
    if requirements.path.resolve() == (repository / REQUIREMENTS).resolve():
        offline = await asyncio.to_thread(locked_requirements, repository, store=store)
        _write(packaged, offline, members)
        return packaged
    requirements.refuse_overrides(image_pins())
    with scratch(settings) as place:
        try:
            lock = await _resolve(requirements, members, place)
        except CommandError as error:
            lines = requirements.blame(error.output)
            raise ConfigurationError(
                f"{lines or requirements.path}\nThere must be a wheel for {PLATFORM} of each "
                f"package: {error.output.strip() or error.reason}"
            ) from None
        constraints = place.folder / CONSTRAINTS
        versions = {**image_pins(), **pins(lock)}
        constraints.write_text("".join(f"{name}=={versions[name]}\n" for name in sorted(versions)))
        own = list(own_wheels(repository / "plugins"))
        resolved = read_lock(RequirementsFile(path=requirements.path, text=lock))
        wheels = await asyncio.to_thread(store.wheels, resolved, own=own)
        offline = OfflineRequirements(text=without_index(requirements), wheels=tuple(wheels))
        _write(packaged, offline, members | {CONSTRAINTS: constraints})
    return packaged


def _write(packaged: Package, offline: OfflineRequirements, members: Mapping[str, Path]) -> None:
    packaged.plugins_zip.parent.mkdir(parents=True, exist_ok=True)
    wheels = {wheel.name: wheel for wheel in offline.wheels}
    write_plugins(packaged.plugins_zip, {**members, **wheels})
    packaged.requirements.write_text(offline.text)


async def _resolve(requirements: RequirementsFile, members: dict[str, Path], place: Scratch) -> str:
    """The hashed lock of what the image lacks, for MWAA's platform."""
    resolved = await compile_requirements(
        requirements,
        members,
        place,
        *("--only-binary", ":all:"),
        *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
    )
    entries = re.split(r"^(?=\S)", resolved, flags=re.MULTILINE)
    return "".join(entry for entry in entries if not pins(entry).keys() <= image_pins().keys())


async def compile_requirements(
    requirements: RequirementsFile, members: Mapping[str, Path], place: Scratch, *options: str
) -> str:
    """What uv resolves `requirements` to under the image's pins, on MWAA's platform.

    `members` are those of plugins.zip, by name. Raises CommandError with what uv said.
    """
    archive, plugins = place.folder / "plugins.zip", place.folder / "plugins"
    write_zip(archive, members)
    unpack(archive.read_bytes(), plugins)
    mapped = place.folder / "mapped.txt"
    mapped.write_text(map_paths(requirements.text, plugins=plugins, dags=place.layout.dags))
    return await _run(
        place,
        *(str(place.settings.uv), "pip", "compile", str(mapped), "--quiet"),
        *("--python-version", PYTHON, "--python-platform", f"x86_64-manylinux_2_{GLIBC}"),
        *("--constraints", str(IMAGE_LOCK), *options),
    )


async def _run(place: Scratch, *argv: str) -> str:
    return await place.runner.run(
        argv,
        environment={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(Path.home()),  # uv's and pip's caches are the person's own
            **network_variables(),
        },
        folder=place.folder,
        timeout_seconds=LIMIT_SECONDS,
    )
