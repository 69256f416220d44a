"""Starts the embedded AWS: `python -m infra.local.emulator`."""

from __future__ import annotations

import asyncio
import os
import sys

from infra.local.emulator import journal, object_files, process
from infra.local.emulator.settings import EmulatorSettings, SettingsError


def main() -> int:
    """Serve until SIGTERM; the exit code is 0, or 1 with a message on stderr."""
    try:
        settings = EmulatorSettings.from_environment(os.environ)
    except SettingsError as error:
        print(f"The embedded AWS cannot start: {error}", file=sys.stderr)
        return 1
    if process.port_is_taken(settings.port):
        print(
            f"The embedded AWS cannot start: port {settings.port} of 127.0.0.1 is taken. "
            "Stop what listens there, or choose another port with LAKE_AWS_PORT.",
            file=sys.stderr,
        )
        return 1
    process.end_with_parent()
    process.allow_many_files()
    os.environ.update(settings.ministack_environment())
    object_files.repair(settings.state_dir / "s3")
    # Imported last: ministack reads its environment while it is imported.
    from infra.local.emulator.server import serve  # noqa: PLC0415 - see above

    journal.log_to_stdout()  # after ministack, which sets up its own
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
