"""Athena gives what a worker gives."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from lake.dataset import DataSet
from lake.engines.documents import NotForThisEngine
from lake.engines.limits import unread_keys

from infra.samples.cotahist import write_quotes
from tests.unit.lake.convert.files import data_sets, files

from .compared import Lake, by_worker

LONE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
QUOTES = Path(__file__).parents[4] / "dags" / "datasets" / "market" / "quotes.yaml"


def test_of_a_day_of_quotes_with_malformed_records(
    lake: Lake, quotes: DataSet, tmp_path: Path
) -> None:
    path = tmp_path / "quotes.txt"
    truth = write_quotes(
        path, trading_day=datetime.date(2021, 6, 25), rows=1500, malformed=12, seed=1
    )
    content = path.read_bytes()
    file = lake.land(content, "market/quotes/COTAHIST_D25062021.TXT")
    worker = by_worker(quotes, content, key=file.key, version_id=file.version_id)
    athena = lake.by_athena(quotes, file)
    assert athena.counts and athena.counts.rows == truth.rows
    assert athena == worker.without_places()


@given(data=st.data())
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_of_any_layout_and_file(lake: Lake, data: st.DataObject) -> None:
    data_set = data.draw(data_sets())
    assume(not list(unread_keys(data_set, "athena")))
    content = data.draw(files(data_set))
    assume(not LONE_CARRIAGE_RETURN.search(content))  # where Athena ends a line
    file = lake.land(content, "drawn/files/a.txt")
    worker = by_worker(data_set, content, key=file.key, version_id=file.version_id)
    try:
        athena = lake.by_athena(data_set, file)
    except NotForThisEngine:
        return
    assert athena == worker.without_places()
