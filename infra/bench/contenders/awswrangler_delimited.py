"""awswrangler: pandas over an object of S3."""

from __future__ import annotations

from pathlib import Path

import awswrangler as wr
from lake.dataset import DelimitedDataSet

from infra.bench.contenders.pandas_delimited import read_options, typed, write


def convert(data_set: DelimitedDataSet, source: str, folder: Path) -> None:
    """Convert with `awswrangler.s3.read_csv`, and type the columns as pandas does.

    A byte that is no character of the encoding ends it all, unlike pandas: latin-1 has them all.
    """
    options = read_options(data_set) | {"encoding": "latin-1"}
    write(typed(wr.s3.read_csv(source, **options), data_set), folder)
