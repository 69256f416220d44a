"""Spark gives what a worker gives, line numbers and byte offsets too."""

from __future__ import annotations

import datetime
from pathlib import Path

from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from lake.dataset import DataSet
from lake.engines.limits import unread_keys

from infra.samples.cotahist import write_quotes
from tests.unit.lake.convert.files import data_sets, files

from .compared import Lake, LocalSpark, by_worker


def test_of_a_day_of_quotes_with_malformed_records(
    lake: Lake, spark: LocalSpark, quotes: DataSet, tmp_path: Path
) -> None:
    path = tmp_path / "quotes.txt"
    write_quotes(path, trading_day=datetime.date(2021, 6, 25), rows=500, malformed=4, seed=1)
    content = path.read_bytes()
    file = lake.land(content, "market/quotes/COTAHIST [1].TXT")
    worker = by_worker(quotes, content, key=file.key, version_id=file.version_id)
    assert lake.by_spark(quotes, file, spark, split_bytes=30_000) == worker


@given(data=st.data())
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_of_any_layout_and_file(lake: Lake, spark: LocalSpark, data: st.DataObject) -> None:
    data_set = data.draw(data_sets())
    assume(not list(unread_keys(data_set, "spark")))
    content = data.draw(files(data_set))
    file = lake.land(content, "drawn/files/a.txt")
    worker = by_worker(data_set, content, key=file.key, version_id=file.version_id)
    assert lake.by_spark(data_set, file, spark, split_bytes=100) == worker
