"""What Airflow's processes used: the scheduler's own, its workers', the others'."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import psutil

from infra.cli.daemon import family, read_status
from infra.local.settings import LocalSettings

SCHEDULER, WORKERS = "scheduler", "workers"


def cpu_seconds(settings: LocalSettings) -> Mapping[str, float]:
    """CPU of each component since its start, by name; what the scheduler started are the workers.

    Of what has ended, its parent keeps count.
    """
    status = read_status(settings)
    used: dict[str, float] = {}
    for component in status.components if status else ():
        if component.pid is None:
            continue
        name = component.name.rpartition(".")[2]
        for process in family(component.pid):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                times = process.cpu_times()
                own = times.user + times.system
                ended = times.children_user + times.children_system
                if name == SCHEDULER and process.pid == component.pid:
                    used[SCHEDULER] = own
                    used[WORKERS] = used.get(WORKERS, 0) + ended
                else:
                    of = WORKERS if name == SCHEDULER else name
                    used[of] = used.get(of, 0) + own + ended
    return used
