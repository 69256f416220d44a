"""requirements.txt, line by line, as MWAA and pip read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK

CONSTRAINT = re.compile(r"-c |--constraint ")
"""MWAA looks for its constraints so, in comments too. Source: the public images, `mwaa/utils`."""

_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[= ]\S+")
_LOCATION = re.compile(r"^(\.|/|[a-z0-9+]+://)|\.(whl|zip|tar\.gz)$")
_PIN = re.compile(r"^(?P<name>[^\s=]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Line:
    """A line with its continuations, without its comment."""

    number: int
    text: str

    @property
    def option(self) -> str:
        """The name of pip's option, or empty for a requirement."""
        return re.split(r"[\s=]", self.text, maxsplit=1)[0] if self.text.startswith("-") else ""


@dataclass(frozen=True, kw_only=True)
class RequirementsFile:
    """A requirements file, read."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it. Raises ConfigurationError when it is missing, or not UTF-8 text."""
        try:
            return cls(path=path, text=path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path}: expected a text file, UTF-8: {error}") from None

    @property
    def names_constraints(self) -> bool:
        """Whether MWAA takes it that the file names its constraints, and adds none."""
        return any(CONSTRAINT.search(line) for line in self.text.splitlines())

    def lines(self) -> Iterator[Line]:
        """The lines that say something."""
        continued, number = "", 0
        for current, physical in enumerate(self.text.splitlines(), start=1):
            number = number if continued else current
            if physical.endswith("\\"):
                continued += physical[:-1] + " "
                continue
            text = _COMMENT.sub("", continued + physical).strip()
            continued = ""
            if text:
                yield Line(number, text)

    def requirements(self) -> Iterator[tuple[Line, Requirement]]:
        """The requirements with a name. Raises ConfigurationError for what pip could not read."""
        for line in self.lines():
            if line.option or _LOCATION.search(line.text):
                continue
            try:
                yield line, Requirement(_HASH.sub("", line.text))
            except InvalidRequirement as error:
                raise ConfigurationError(
                    f"{self.path}:{line.number}: {line.text}: expected a requirement such as "
                    f"pandas==3.0.5: {error}"
                ) from None

    def refuse_overrides(self, image: Mapping[str, str]) -> None:
        """Raise ConfigurationError for requirements that would change the packages of `image`."""
        problems = [
            f"{self.path}:{line.number}: {requirement}: MWAA's image has {requirement.name} "
            f"{version}, which requirements cannot change"
            for line, requirement in self.requirements()
            if (version := image.get(canonicalize_name(requirement.name)))
            and not requirement.specifier.contains(version, prereleases=True)
        ]
        if problems:
            raise ConfigurationError("\n".join(problems))

    def blame(self, said: str) -> str:
        """The lines whose packages are named in `said`, each as `file:line: text`."""
        named = [
            f"{self.path}:{line.number}: {line.text}"
            for line, requirement in self.requirements()
            if re.search(rf"(?<![\w-]){re.escape(requirement.name)}(?![\w-])", said, re.IGNORECASE)
        ]
        return "\n".join(named)


def pins(text: str) -> dict[str, str]:
    """The versions that a lock or a constraints file pins, by canonical name."""
    return {canonicalize_name(pin["name"]): pin["version"] for pin in _PIN.finditer(text)}


@cache
def image_pins() -> Mapping[str, str]:
    """The packages of MWAA's image."""
    return pins(IMAGE_LOCK.read_text())
