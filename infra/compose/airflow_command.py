"""`airflow` in a container, as its component sees it: `python airflow_command.py ARGUMENT...`.

What Airflow is told is worked out when a container starts, and is not in the container's own
variables: it is taken from the process of the component.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path

COMPONENT = "scheduler"
"""Whose container it runs in, and whose environment it has."""
PROCESSES = Path("/proc")


def component_environment() -> dict[str, str]:
    """The environment of the component's process. Raises LookupError where none runs."""
    for process in PROCESSES.glob("[0-9]*"):
        try:
            words = map(os.path.basename, (process / "cmdline").read_text().split("\0"))
            if ("airflow", COMPONENT) in pairwise(words):  # not the entrypoint, its parent
                entries = (process / "environ").read_text().split("\0")
                return dict(entry.split("=", 1) for entry in entries if "=" in entry)
        except OSError:  # it ended meanwhile, or is another user's
            continue
    raise LookupError(f"the {COMPONENT} does not run here yet: see `docker compose logs`")


def main() -> None:
    """Become `airflow`, or say why not."""
    try:
        environment = component_environment()
    except LookupError as error:
        sys.exit(str(error))
    os.execvpe("airflow", ["airflow", *sys.argv[1:]], environment)  # noqa: S606, S607  # its image's


if __name__ == "__main__":
    main()
