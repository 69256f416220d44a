"""Findings of the linters that are right as they are, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from infra.settings import EncryptionKeyType, EnvironmentSettings
from infra.settings.base import Settings

SUPPRESSIONS = Path(__file__).with_suffix(".yaml")

type Linter = Literal["cfn-lint", "cdk-nag", "parliament", "checkov"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a linter said of a resource."""

    linter: Linter
    rule: str
    resource: str
    """The path of its construct, without `lake-<environment>-`."""
    text: str

    def __str__(self) -> str:
        return f"{self.rule} {self.resource}: {self.text}"


class Suppression(Settings):
    r"""Findings that are suppressed: in `rule` and `resource`, `*` is anything and `\*` a star."""

    linter: Linter
    rule: str = Field(min_length=1)
    resource: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    environments: tuple[str, ...] = ()
    """Those that have such a resource; empty for all."""
    encryption_key: EncryptionKeyType | None = None
    """Of those, the environments with such keys; None for all."""

    def concerns(self, settings: EnvironmentSettings) -> bool:
        """Whether the environment has such a resource."""
        named = not self.environments or settings.name in self.environments
        return named and self.encryption_key in (None, settings.encryption_key)

    def covers(self, finding: Finding) -> bool:
        """Whether it is one of these."""
        return (
            self.linter == finding.linter
            and _matches(self.rule, finding.rule)
            and _matches(self.resource, finding.resource)
        )


def read_suppressions(
    settings: EnvironmentSettings, path: Path = SUPPRESSIONS
) -> list[Suppression]:
    """Read those of an environment. Raises pydantic's ValidationError for what is not one."""
    listed = [Suppression.model_validate(entry) for entry in yaml.safe_load(path.read_text())]
    return [each for each in listed if each.concerns(settings)]


def unsuppressed(findings: Iterable[Finding], suppressions: Sequence[Suppression]) -> list[Finding]:
    """The findings that no suppression covers."""
    return [each for each in findings if not any(one.covers(each) for one in suppressions)]


def unused(findings: Sequence[Finding], suppressions: Iterable[Suppression]) -> list[Suppression]:
    """The suppressions that cover nothing."""
    return [one for one in suppressions if not any(one.covers(each) for each in findings)]


def _matches(pattern: str, text: str) -> bool:
    parts = re.split(r"(?<!\\)\*", pattern)
    literal = (re.escape(part.replace("\\*", "*")) for part in parts)
    return bool(re.fullmatch(".*".join(literal), text))
