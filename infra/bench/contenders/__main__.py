"""`python -m infra.bench.contenders MODULE SOURCE FOLDER`: one conversion, as it is measured."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from lake.dataset import load_data_set

from infra.bench.contenders import DATA_SET


def main(module: str, source: str, folder: str) -> None:
    """Convert the file `source` into `folder`, importing no other contender's libraries."""
    contender = import_module(f"infra.bench.contenders.{module}")
    contender.convert(load_data_set(DATA_SET), Path(source), Path(folder))


main(*sys.argv[1:])
