"""requirements.txt and plugins.zip, held to what MWAA can install in its time."""

from __future__ import annotations

import asyncio
import io
import shlex
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.bundle import ADVISED_BYTES, plugins_members, write_zip
from infra.local.mwaa.commands import CommandError
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import image_version
from infra.local.mwaa.virtualenv import LIMIT_SECONDS, MWAA_FOLDER
from infra.local.settings import LocalSettings
from infra.preflight.requirement_lines import lines_installable
from infra.preflight.result import Outcome, Result, failed, not_checked, passed, warned
from infra.rehearsal.package import compile_requirements
from infra.rehearsal.requirements_file import RequirementsFile, image_pins
from infra.rehearsal.scratch import scratch
from infra.wheels.offline import FIND_LINKS, locked_requirements, wheel_store
from infra.wheels.store import WheelStore

MB = 10**6
SECONDS_A_PACKAGE = 1.0
BYTES_A_SECOND = 2 * MB
"""pip on the smallest class, slower than it was ever seen: a download and its unpacking."""
NAMES_A_FILE = {"-c", "--constraint", "-r", "--requirement"}


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A package that the requirements add to the image."""

    name: str
    version: str
    wheel_bytes: int | None
    """None: it has no wheel for MWAA's platform, and pip would have to compile it."""

    @property
    def pin(self) -> str:
        """As requirements.txt has it."""
        return f"{self.name}=={self.version}"


def check_requirements(
    file: Path, *, repository: Path, airflow_version: str, private: bool, local: LocalSettings
) -> Iterator[Result]:
    """Check the requirements `file`, and the plugins of the checkout `repository`.

    `private` is an environment without a way to the Internet, whose plugins.zip has wheels.
    """
    yield version_of_the_locks(airflow_version)
    members = plugins_members(repository)
    if private:
        carried, wheel_files = carried_wheels(repository, store=wheel_store(local))
        yield carried
        yield plugins_size(members | wheel_files)
    else:
        yield plugins_size(members)
    try:
        requirements = RequirementsFile.read(file)
        list(requirements.requirements())
    except ConfigurationError as error:
        yield failed("requirements: file", str(error), f"mend {file}")
        return
    yield constraints_named(requirements, members)
    lines = lines_installable(requirements)
    yield lines
    if lines.outcome is Outcome.FAIL:
        yield not_checked("requirements: resolution", "pip could not follow the lines")
        return
    untouched = image_untouched(requirements)
    yield untouched
    if untouched.mend:
        yield not_checked("requirements: resolution", "they contradict MWAA's image")
        return
    started = time.monotonic()
    try:
        resolved = asyncio.run(_resolve(requirements, members, local, private=private))
    except CommandError as error:
        yield unresolved(requirements, error)
        return
    seconds = time.monotonic() - started
    yield passed(
        "requirements: resolution",
        f"{len(resolved)} packages beside the image's {len(image_pins())}, in {seconds:.1f} s",
    )
    yield wheels(resolved, private=private)
    yield source_of_packages(requirements, private=private)
    yield installation_time(resolved)


def carried_wheels(repository: Path, *, store: WheelStore) -> tuple[Result, dict[str, Path]]:
    """Whether the deploy has a wheel of each package to put into plugins.zip; those wheels."""
    check = "requirements: wheels in plugins.zip"
    try:
        offline = locked_requirements(repository, store=store)
    except ConfigurationError as error:
        return failed(check, str(error), "mend what it names; the deploy would stop there"), {}
    size = sum(wheel.stat().st_size for wheel in offline.wheels)
    found = f"{len(offline.wheels)}, {size / MB:,.0f} MB, each with the lock's hash"
    return passed(check, found), {wheel.name: wheel for wheel in offline.wheels}


def version_of_the_locks(airflow_version: str) -> Result:
    """Whether the constraints are those of the environment's Airflow."""
    check = "requirements: Airflow's version"
    if airflow_version == image_version():
        return passed(check, f"{airflow_version}, as in requirements/locks/mwaa-image.txt")
    return failed(
        check,
        f"the environment has {airflow_version}, the constraints are of {image_version()}",
        "set airflow.version in infra/environments.py, or make the locks of that image "
        "(requirements/README.md)",
    )


def plugins_size(members: Mapping[str, Path]) -> Result:
    """Whether plugins.zip is as small as MWAA advises."""
    check, written = "requirements: plugins.zip", io.BytesIO()
    write_zip(written, members)
    found = f"{len(members)} files, {written.tell() / MB:,.1f} MB of {ADVISED_BYTES // MB:,}"
    if written.tell() < ADVISED_BYTES:
        return passed(check, found)
    return failed(check, found, "take the largest files out of plugins/")


def constraints_named(requirements: RequirementsFile, members: Mapping[str, Path]) -> Result:
    """Whether the file names its constraints, and whether what it names will be there."""
    check = "requirements: --constraint"
    missing = [
        f"{requirements.path}:{line.number}: {name}"
        for line in requirements.lines()
        if line.option in NAMES_A_FILE
        for name in shlex.split(line.text)[1:]
        if name.startswith(f"{MWAA_FOLDER}plugins/")
        and name.removeprefix(f"{MWAA_FOLDER}plugins/") not in members
    ]
    if missing:
        return failed(check, f"{', '.join(missing)} is not in plugins.zip", "add it to plugins/")
    if requirements.names_constraints:
        return passed(check, "the line is there, and what it names")
    return warned(
        check,
        f"{requirements.path} has none: MWAA adds Airflow's, which say less than the image",
        f'begin it with --constraint "{MWAA_FOLDER}plugins/constraints.txt"',
    )


def image_untouched(requirements: RequirementsFile) -> Result:
    """Whether every package of the image stays at its version."""
    check = "requirements: MWAA's own packages"
    try:
        requirements.refuse_overrides(image_pins())
    except ConfigurationError as error:
        return failed(check, str(error), "take the line out, or allow the image's version")
    return passed(check, f"none of {len(image_pins())} is changed")


def unresolved(requirements: RequirementsFile, error: CommandError) -> Result:
    """What uv said, with the lines that it speaks of."""
    said = error.output.strip() or error.reason
    lines = requirements.blame(said) or str(requirements.path)
    return failed("requirements: resolution", f"{lines}\n{said}", "change or drop the line")


def wheels(resolved: list[Resolved], *, private: bool) -> Result:
    """Whether each package has a wheel for MWAA's platform."""
    check = "requirements: wheels"
    lacking = [package.pin for package in resolved if package.wheel_bytes is None]
    if not lacking:
        return passed(check, "each package has one for manylinux x86-64")
    found = f"source only: {', '.join(lacking)}"
    if private:
        return failed(
            check, found, "without Internet nothing is compiled: use a version with a wheel"
        )
    return warned(check, found, "pip compiles it on every component: use a version with a wheel")


def source_of_packages(requirements: RequirementsFile, *, private: bool) -> Result:
    """Where the environment takes its packages from."""
    check = "requirements: where from"
    if private:
        return passed(check, "plugins.zip alone, as the deploy writes it")
    offline = any(line.option == "--no-index" for line in requirements.lines())
    return passed(check, "plugins.zip alone" if offline else "an index, over the NAT gateway")


def installation_time(resolved: list[Resolved]) -> Result:
    """Whether pip, slow as it may be, is done in the time that MWAA gives it."""
    check = "requirements: time of pip"
    size = sum(package.wheel_bytes or 0 for package in resolved)
    seconds = size / BYTES_A_SECOND + len(resolved) * SECONDS_A_PACKAGE
    found = f"{size / MB:,.0f} MB, at worst about {seconds:,.0f} s of {LIMIT_SECONDS:,.0f}"
    if seconds < LIMIT_SECONDS:
        return passed(check, found)
    return warned(check, found, "measure with `lake requirements test`, and install less")


async def _resolve(
    requirements: RequirementsFile,
    members: Mapping[str, Path],
    local: LocalSettings,
    *,
    private: bool,
) -> list[Resolved]:
    if private:  # as in the bundle, with the wheels that lie in plugins/
        requirements = replace(requirements, text=f"{FIND_LINKS}\n{requirements.text}")
    with scratch(local) as place:
        lock = await compile_requirements(
            requirements, members, place, *("--format", "pylock.toml", "--no-header")
        )
    return list(added_packages(lock))


def added_packages(lock: str) -> Iterator[Resolved]:
    """What a pylock.toml (PEP 751) has beside the packages of the image."""
    for package in tomllib.loads(lock).get("packages", ()):
        if canonicalize_name(package["name"]) in image_pins():
            continue
        sizes = [wheel.get("size", 0) for wheel in package.get("wheels", ())]
        if "archive" in package:  # a wheel of plugins.zip, named by its path
            sizes.append(package["archive"].get("size", 0))
        yield Resolved(
            name=package["name"],
            version=package.get("version", "?"),
            wheel_bytes=max(sizes, default=None),
        )
