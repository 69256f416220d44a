"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The line of a check."""

    check: str
    """Its subject and what it looks at, such as `requirements: wheels`."""
    outcome: Outcome
    found: str
    mend: str = ""
    """What to do about it."""

    def as_document(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


def passed(check: str, found: str) -> Result:
    """All is well."""
    return Result(check=check, outcome=Outcome.PASS, found=found)


def warned(check: str, found: str, mend: str) -> Result:
    """It would be created, and somebody should look at this."""
    return Result(check=check, outcome=Outcome.WARN, found=found, mend=mend)


def failed(check: str, found: str, mend: str) -> Result:
    """It would not be created, or not work."""
    return Result(check=check, outcome=Outcome.FAIL, found=found, mend=mend)


def not_checked(check: str, reason: str, mend: str = "") -> Result:
    """Nobody looked; never to be read as a pass."""
    return Result(check=check, outcome=Outcome.NOT_CHECKED, found=reason, mend=mend)


def any_failed(results: Iterable[Result]) -> bool:
    """Whether one of them failed."""
    return any(result.outcome is Outcome.FAIL for result in results)
