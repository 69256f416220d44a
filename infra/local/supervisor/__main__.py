"""`python -m infra.local.supervisor`: run the laptop's daemon in the foreground."""

from __future__ import annotations

import asyncio
import logging
import sys
from logging.handlers import RotatingFileHandler

from infra.local.settings import LocalSettings
from infra.local.supervisor.component import LOG_LIMIT_BYTES
from infra.local.supervisor.lock import AlreadyRunningError, SupervisorLock
from infra.local.supervisor.ports import PortTakenError
from infra.local.supervisor.supervisor import Supervisor, prepare_home


def main() -> int:
    """Run until SIGTERM; 1 with a message when it cannot start."""
    settings = LocalSettings()
    prepare_home(settings.home)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[
            RotatingFileHandler(
                settings.home / "logs" / "supervisor.log", maxBytes=LOG_LIMIT_BYTES, backupCount=1
            )
        ],
    )
    for chatty in ("httpx", "botocore.credentials"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        with SupervisorLock(settings.home):
            asyncio.run(Supervisor(settings).run())
    except (AlreadyRunningError, PortTakenError) as error:
        print(error, file=sys.stderr)
        return 1
    except Exception:
        logging.exception("the supervisor ended by a fault of its own")
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
