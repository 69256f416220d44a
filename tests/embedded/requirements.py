"""A checkout's requirements, with one small package that MWAA's image lacks."""

from __future__ import annotations

import re
from pathlib import Path

from infra.local.settings import REPOSITORY, LocalSettings
from infra.wheels.offline import OfflineRequirements, locked_requirements
from infra.wheels.store import WheelStore

PACKAGE = "iniconfig"
"""In the lock of the laptop, with its hashes."""


def small_requirements() -> dict[str, str]:
    """The text of the files, by their paths in a checkout."""
    lock = (REPOSITORY / "requirements" / "locks" / "dev.txt").read_text()
    (entry,) = re.findall(rf"^{PACKAGE}==(?:.*\\\n)*.*\n", lock, flags=re.MULTILINE)
    return {
        "requirements/constraints.txt": f"{entry.split()[0]}\n",
        "requirements/locks/mwaa-requirements.txt": entry,
        "requirements/requirements.txt": f"{PACKAGE}\n",
    }


def fetch_wheels(checkout: Path) -> OfflineRequirements:
    """Fetch them as `lake requirements package` does, below the home folder of the checkout."""
    store = WheelStore(
        folder=checkout / ".lake" / "wheelhouse", python=LocalSettings().uv.with_name("python")
    )
    return locked_requirements(checkout, store=store)
