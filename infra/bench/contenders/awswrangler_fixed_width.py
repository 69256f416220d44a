"""awswrangler: pandas over an object of S3."""

from __future__ import annotations

from pathlib import Path

import awswrangler as wr
from lake.dataset import FixedWidthDataSet

from infra.bench.contenders.pandas_fixed_width import read_options, typed, write


def convert(data_set: FixedWidthDataSet, source: str, folder: Path) -> None:
    """Convert with `awswrangler.s3.read_fwf`, and type the columns as pandas does."""
    write(typed(wr.s3.read_fwf(source, **read_options(data_set)), data_set), folder)
