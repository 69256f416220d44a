"""The entrypoint of the image: `python -m infra.container COMPONENT`."""

from __future__ import annotations

import os
import sys

from infra.container.start import start
from infra.local.mwaa.model import ConfigurationError


def main() -> int:
    """Run what the first argument names; 1 with the reason when it cannot start."""
    name = " ".join(sys.argv[1:])
    try:
        if name == "mwaa":
            from infra.container.mwaa import serve  # noqa: PLC0415  # what no other needs

            return serve()
        return start(name, os.environ)
    except ConfigurationError as error:
        print(f"{name} cannot start: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
