"""The lock of what the requirements add to MWAA's image, and whether it is all that they need."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from infra.local.mwaa.model import ConfigurationError
from infra.rehearsal.requirements_file import RequirementsFile
from infra.wheels.platform import applies

_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})(?!\S)")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A package of the lock."""

    name: str
    version: Version
    sha256: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def line(self) -> str:
        """As a lock has it."""
        return " ".join([str(self), *(f"--hash=sha256:{each}" for each in sorted(self.sha256))])

    def names(self, wheel: Path) -> bool:
        """Whether the file is a wheel of this package and version, by its name."""
        name, version, *_ = parse_wheel_filename(wheel.name)
        return (name, version) == (self.name, self.version)

    def is_of(self, wheel: Path) -> bool:
        """Whether the content of the file is what the lock has."""
        with wheel.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() in self.sha256


def read_lock(lock: RequirementsFile) -> list[Pin]:
    """The packages of a lock. Raises ConfigurationError for a line without version or hash."""
    return [_pin(lock, line.number, line.text, each) for line, each in lock.requirements()]


def _pin(lock: RequirementsFile, number: int, text: str, requirement: Requirement) -> Pin:
    exact = [each.version for each in requirement.specifier if each.operator == "=="]
    hashes = frozenset(_SHA256.findall(text))
    if len(exact) != 1 or not hashes:
        raise ConfigurationError(
            f"{lock.path}:{number}: {requirement}: expected name==version --hash=sha256:…, "
            "as requirements/lock.py writes it"
        )
    return Pin(name=canonicalize_name(requirement.name), version=Version(exact[0]), sha256=hashes)


def unmet(
    requirements: Iterable[tuple[str, Requirement]],
    *,
    wheels: Iterable[Path],
    image: Mapping[str, str],
) -> Iterator[str]:
    """What would be missing if `requirements` were installed from `wheels` into the image.

    `requirements` have the place where each is written; those of the wheels are followed.
    """
    files = {parse_wheel_filename(wheel.name)[0]: wheel for wheel in wheels}
    waiting, seen = deque(requirements), set()
    while waiting:
        place, requirement = waiting.popleft()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras, requirement.specifier) in seen:
            continue
        seen.add((name, extras, requirement.specifier))
        wheel = files.get(name)
        version = image.get(name) or (wheel and str(parse_wheel_filename(wheel.name)[1]))
        if not version:
            yield f"{place}: {requirement}"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{place}: {requirement}, where there is {name} {version}"
        elif wheel:
            waiting.extend((wheel.name, each) for each in _required_by(wheel, extras))


def _required_by(wheel: Path, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a wheel says that it needs on MWAA."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (
            each for each in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each)
        )
        metadata = BytesHeaderParser().parsebytes(archive.read(name))
    for text in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        if applies(requirement.marker, extras):
            yield requirement
