"""The checkout with requirements of the tests' own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.synth.templates import REPOSITORY


def checkout_with(folder: Path, *, requirements: str = "", lock: str = "") -> Path:
    """Make `folder` a checkout with the DAGs and plugins of this one; without any requirements
    its synthesis fetches nothing, whatever the environment.
    """
    (folder / "requirements" / "locks").mkdir(parents=True)
    for name in ("dags", "plugins"):
        (folder / name).symlink_to(REPOSITORY / name)
    own = folder / "requirements"
    for name in ("constraints.txt", "startup.sh"):
        shutil.copyfile(REPOSITORY / "requirements" / name, own / name)
    (own / "requirements.txt").write_text(requirements)
    (own / "locks" / "mwaa-requirements.txt").write_text(lock)
    return folder
