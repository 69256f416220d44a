"""The entrypoint of the image: `python -m infra.container COMPONENT`."""

from __future__ import annotations

import os
import sys

from infra.container.start import start
from infra.local.mwaa.model import ConfigurationError


def main() -> int:
    """Become the component that the first argument names, or say why not, with exit code 1."""
    name = " ".join(sys.argv[1:])
    try:
        start(name, os.environ)
    except ConfigurationError as error:
        print(f"{name} cannot start: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
