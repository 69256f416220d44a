"""What MWAA does with an update of an environment in place.

Sources: https://docs.aws.amazon.com/mwaa/latest/userguide/update-environment.html,
https://docs.aws.amazon.com/mwaa/latest/userguide/upgrading-environment.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any

from infra.airflow_versions import UnsupportedStep, check_step, is_downgrade

MWAA = "AWS::MWAA::Environment"
GUIDE = "docs/upgrade.md"
BUNDLE = ("Plugins", "Requirements", "StartupScript")


class Verdict(StrEnum):
    """What a deploy comes to."""

    REFUSED = "refused"
    """It fails, and is rolled back."""
    LOSES = "loses"
    """It goes through, and something is gone after it."""
    UPDATES = "updates"
    """It goes through."""


type Line = tuple[Verdict, str, str]
"""The verdict, what was found, and what to do about it."""


def update_of(
    environment: Mapping[str, Any], wanted: Mapping[str, Any], changed: Collection[str]
) -> Iterator[Line]:
    """What an update of the running `environment` to the properties `wanted` comes to.

    `changed` are the properties that differ from those that were deployed last.
    """
    if set(changed) <= {"Tags"}:
        return
    yield from _version(environment.get("AirflowVersion"), wanted.get("AirflowVersion"))
    strategy = wanted.get("WorkerReplacementStrategy", "FORCED")
    if strategy == "GRACEFUL" and not was_forced(environment):
        yield (
            Verdict.REFUSED,
            "worker_replacement is GRACEFUL, which MWAA refuses before a first update with FORCED",
            "deploy once with worker_replacement='FORCED', at a time without running tasks",
        )
        return
    tasks = (
        "running tasks are killed, and tried again where they have retries"
        if strategy == "FORCED"
        else "running tasks may end, for up to 12 hours; until then the deploy waits"
    )
    yield (
        Verdict.UPDATES,
        f"{MWAA} is updated in place, because {', '.join(_named(changed))} changes: 20 to 30 "
        f"minutes, its database stays; {tasks} ({strategy})",
        ""
        if strategy == "GRACEFUL"
        else "deploy at a quiet time, or worker_replacement='GRACEFUL'",
    )


def was_forced(environment: Mapping[str, Any]) -> bool:
    """Whether an update was asked to replace the workers of an environment before.

    GetEnvironment tells of the last one alone; one that was GRACEFUL had a FORCED one before it.
    """
    return bool((environment.get("LastUpdate") or {}).get("WorkerReplacementStrategy"))


def _version(current: str | None, wanted: str | None) -> Iterator[Line]:
    if not current or not wanted or current == wanted:
        return
    try:
        check_step(current, wanted)
    except UnsupportedStep as error:
        yield Verdict.REFUSED, f"Airflow {current} to {wanted}: {error}", GUIDE
        return
    if is_downgrade(current, wanted):
        yield (
            Verdict.LOSES,
            f"Airflow {current} back to {wanted}: MWAA offers it, the metadata database is "
            "converted back, and what only the newer version knows of a run is gone; it cannot be "
            "rehearsed here",
            f"a second environment beside the first ({GUIDE})",
        )
        return
    yield (
        Verdict.UPDATES,
        f"Airflow {current} to {wanted}: MWAA takes a snapshot of the metadata database, migrates "
        "it, and restores it if that fails",
        f"rehearse it here first ({GUIDE})",
    )


def _named(changed: Collection[str]) -> list[str]:
    """Properties by name; those of an object of the bundle by the object."""
    names = {
        next((part for part in BUNDLE if name.startswith(f"{part}S3")), name) for name in changed
    }
    return sorted(names)
