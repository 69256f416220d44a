"""Starts the embedded AWS: `python -m infra.local.emulator`."""

from __future__ import annotations

import asyncio
import errno
import os
import sys

from infra.local.emulator import journal, object_files, process
from infra.local.emulator.settings import EmulatorSettings, SettingsError
from infra.local.emulator.store import StateInUse, StateStore


def main() -> int:
    """Serve until SIGTERM; the exit code is 0, or 1 with a message on stderr."""
    try:
        settings = EmulatorSettings.from_environment(os.environ)
    except SettingsError as error:
        return _refuse(str(error))
    if process.port_is_taken(settings.port):
        return _refuse(_port_taken(settings.port))
    process.end_with_parent()
    process.allow_many_files()
    object_files.repair(settings.object_dir)
    os.environ.update(settings.ministack_environment())
    # Imported from here on: ministack reads its environment while it is imported.
    from infra.local.emulator.seam import contract  # noqa: PLC0415 - see above

    if problems := contract.broken():
        return _refuse("; ".join(problems))
    from infra.local.emulator.server import serve  # noqa: PLC0415 - see above

    try:
        store = StateStore(settings.state_dir / "control-plane.sqlite")
    except StateInUse as error:
        return _refuse(f"{error}. Stop it, or choose another folder with LAKE_STATE_DIR.")

    journal.log_to_stdout()  # after ministack, which sets up its own
    try:
        asyncio.run(serve(settings, store))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _refuse(_port_taken(settings.port))
    return 0


def _port_taken(port: int) -> str:
    return (
        f"port {port} of 127.0.0.1 is taken. Stop what listens there, or choose another port "
        "with LAKE_AWS_PORT."
    )


def _refuse(reason: str) -> int:
    print(f"The embedded AWS cannot start: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
