"""`python -m infra.bench.contenders MODULE DATASET SOURCE FOLDER`: one conversion, as measured."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from lake.dataset import load_data_set


def main(module: str, data_set: str, source: str, folder: str) -> None:
    """Convert `source` into `folder`, importing no other contender's libraries."""
    contender = import_module(f"infra.bench.contenders.{module}")
    contender.convert(load_data_set(Path(data_set)), source, Path(folder))


main(*sys.argv[1:])
