"""The supervisor's shadow: when the supervisor is gone, it ends whatever it left behind.

`python -m infra.local.supervisor.guard MARKER` reads its standard input, which the supervisor
keeps open. The end of that input means that the supervisor ended or was killed.
"""

from __future__ import annotations

import signal
import sys

from infra.local.supervisor.processes import kill_marked


def main() -> None:
    """Wait for the supervisor's end, then kill every process that carries its marker."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # it ends with the supervisor and no earlier
    sys.stdin.buffer.read()
    kill_marked(sys.argv[1])


if __name__ == "__main__":
    main()
