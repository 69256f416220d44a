"""Requirements with their wheels: what an environment without a way to the Internet installs."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.bundle import CONSTRAINTS, plugins_members, write_zip
from infra.local.mwaa.bundle import unpack
from infra.local.mwaa.commands import CommandError
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.mwaa.virtualenv import LIMIT_SECONDS, MWAA_FOLDER, digest, map_paths
from infra.local.settings import LocalSettings
from infra.rehearsal.requirements_file import RequirementsFile, image_pins, pins
from infra.rehearsal.scratch import Scratch, network_variables, scratch

PYTHON = "3.12"
GLIBC = 34
"""The image is built on Amazon Linux 2023, whose C library is glibc 2.34."""
OLDEST_GLIBC = 5
"""The first that wheels were built for (PEP 513)."""
ADVISED_BYTES = 10**9
"""Source: Amazon MWAA user guide, "Installing custom plugins"."""
HEADER = f"""\
--find-links {MWAA_FOLDER}plugins
--no-index
--constraint "{MWAA_FOLDER}plugins/{CONSTRAINTS}"
"""
WHERE_FROM = {
    "-c", "--constraint", "-f", "--find-links", "-i", "--index-url", "--extra-index-url",
    "--no-index", "--trusted-host",
}  # fmt: skip
"""Options that say where packages come from, which is plugins.zip alone."""


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
    MWAA's image does not have. What stands in `output` and was made of the same is left as it is.
    Raises ConfigurationError naming file, line and package when a package of the image would be
    changed, or when there is no wheel.
    """
    requirements.refuse_overrides(image_pins())
    members = plugins_members(repository)
    packaged = Package(plugins_zip=output / "plugins.zip", requirements=output / "requirements.txt")
    made_of, key = output / "made-of", _key(requirements, members)
    parts = (made_of, packaged.plugins_zip, packaged.requirements)
    if all(part.exists() for part in parts) and made_of.read_text() == key:
        return packaged
    made_of.unlink(missing_ok=True)
    with scratch(settings) as place:
        try:
            lock = await _resolve(requirements, members, place)
            wheels = await _download(lock, place)
        except CommandError as error:
            lines = requirements.blame(error.output)
            raise ConfigurationError(
                f"{lines or requirements.path}\nThere must be a wheel for manylinux x86-64 and "
                f"CPython {PYTHON} of each package: {error.output.strip() or error.reason}"
            ) from None
        constraints = place.folder / CONSTRAINTS
        versions = {**image_pins(), **pins(lock)}
        constraints.write_text("".join(f"{name}=={versions[name]}\n" for name in sorted(versions)))
        output.mkdir(parents=True, exist_ok=True)
        members |= {wheel.name: wheel for wheel in wheels} | {CONSTRAINTS: constraints}
        write_zip(packaged.plugins_zip, members)
        packaged.requirements.write_text(offline(requirements))
        made_of.write_text(key)
    return packaged


def _key(requirements: RequirementsFile, members: Mapping[str, Path]) -> str:
    """Equal for a package that would have the same content."""
    files = [
        part for name in sorted(members) for part in (name.encode(), members[name].read_bytes())
    ]
    return digest(requirements.text.encode(), IMAGE_LOCK.read_bytes(), *files)


def offline(requirements: RequirementsFile) -> str:
    """The same requirements, taken from the plugins folder alone."""
    lines = [line.text for line in requirements.lines() if line.option not in WHERE_FROM]
    return HEADER + "".join(f"{line}\n" for line in lines)


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


async def _download(lock: str, place: Scratch) -> list[Path]:
    """The wheels of `lock`, which pip checks against their hashes."""
    locked, folder = place.folder / "lock.txt", place.folder / "wheels"
    locked.write_text(lock)
    folder.mkdir()
    platforms = [f"manylinux_2_{glibc}_x86_64" for glibc in range(GLIBC, OLDEST_GLIBC - 1, -1)]
    await _run(
        place,
        *(str(place.settings.uv.with_name("python")), "-m", "pip", "download", "--quiet"),
        *("--disable-pip-version-check", "--no-deps", "--require-hashes"),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON),
        *(f"--platform={platform}" for platform in [*platforms, "manylinux2014_x86_64"]),
        *("--dest", str(folder), "--requirement", str(locked)),
    )
    return sorted(folder.iterdir())


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
