"""What the process owes its surroundings: a free port, an end with its parent, enough files."""

from __future__ import annotations

import os
import resource
import signal
import socket
import threading
import time

from infra.local.emulator.start import CannotStart

_PARENT_CHECK_SECONDS = 0.5


class PortTaken(CannotStart):
    """Something else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} of 127.0.0.1 is taken. Stop what listens there, or choose another port "
            "with LAKE_AWS_PORT."
        )


def port_is_taken(port: int) -> bool:
    """Whether something listens on 127.0.0.1:`port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_with_parent() -> None:
    """Send this process SIGTERM as soon as the process that started it is gone.

    The parent is asked for, because PR_SET_PDEATHSIG is Linux's own and also fires when only the
    thread that started us ends.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def allow_many_files() -> None:
    """Raise the limit of open files, so that many connections at once are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
