"""The versions of Airflow on MWAA, and the way from one to another in the same environment.

Source: https://docs.aws.amazon.com/mwaa/latest/userguide/upgrading-environment.html and
UpdateEnvironment in the API reference (AirflowVersion): minor versions up and down; 2 to 3 from
2.11 on, and back to it; from 2.10 and below a major version needs another environment.
"""

from __future__ import annotations

OFFERED = ("2.10.3", "2.11.0", "2.11.2", "3.0.6", "3.2.1", "3.3.1")
"""In their order (https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.html)."""
BEFORE_THE_NEXT_MAJOR = (2, 11)
"""The minor version from which, and back to which, an environment crosses between 2 and 3."""


class UnsupportedStep(ValueError):
    """MWAA does not change an environment from the one version to the other; says the way."""


def parts(version: str) -> tuple[int, ...]:
    """`version` as numbers, which compare as versions do."""
    return tuple(int(part) for part in version.split("."))


def is_downgrade(current: str, wanted: str) -> bool:
    """Whether `wanted` is the older one."""
    return parts(wanted) < parts(current)


def check_step(current: str, wanted: str) -> None:
    """Raise UnsupportedStep if MWAA does not take an environment from `current` to `wanted`."""
    if wanted == current:
        return
    if wanted not in OFFERED:
        raise UnsupportedStep(f"MWAA does not offer {wanted}: expected one of {', '.join(OFFERED)}")
    older, newer = sorted((parts(current), parts(wanted)))
    if older[0] == newer[0] or older[:2] == BEFORE_THE_NEXT_MAJOR:
        return
    crossing = ".".join(map(str, BEFORE_THE_NEXT_MAJOR))
    newest = next(v for v in reversed(OFFERED) if parts(v)[:2] == BEFORE_THE_NEXT_MAJOR)
    raise UnsupportedStep(
        f"from {current} to {wanted} in place goes through {crossing} only: first to {newest}, and "
        "from there on; or a second environment beside the first"
    )
