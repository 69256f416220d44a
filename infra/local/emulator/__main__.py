"""Starts the embedded AWS: `python -m infra.local.emulator`."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from typing import NoReturn

from infra.local.emulator import journal, object_files, process
from infra.local.emulator.settings import EmulatorSettings
from infra.local.emulator.start import CannotStart
from infra.local.emulator.store import StateStore


def main() -> int:
    """Serve until SIGTERM; the exit code is 0, or 1 with a message on stderr."""
    try:
        run(EmulatorSettings.from_environment(os.environ))
    except CannotStart as reason:
        print(f"The embedded AWS cannot start: {reason}", file=sys.stderr)
        return 1


def run(settings: EmulatorSettings) -> NoReturn:
    """Serve until SIGTERM, which ends the process.

    Raises:
        CannotStart: the port, the state or ministack is not as it must be.
    """
    if process.port_is_taken(settings.port):
        raise process.PortTaken(settings.port)
    process.end_with_parent()
    process.allow_many_files()
    store = StateStore(settings.state_dir / "control-plane.sqlite")
    object_files.repair(settings.object_dir)
    os.environ.update(settings.ministack_environment())
    # Imported from here on: ministack reads its environment while it is imported.
    from infra.local.emulator.seam import contract  # noqa: PLC0415 - see above

    contract.check()
    from infra.local.emulator.server import serve  # noqa: PLC0415 - see above

    journal.log_to_stdout()  # after ministack, which sets up its own
    try:
        asyncio.new_event_loop().run_until_complete(serve(settings, store))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise process.PortTaken(settings.port) from error
        raise
    sys.stdout.flush()
    os._exit(0)  # threads may still wait for the supervisor or a query; everything is saved


if __name__ == "__main__":
    sys.exit(main())
