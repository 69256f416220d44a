"""Spark gives of delimited files what a worker gives, line numbers and byte offsets too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from lake.engines.documents import NotForThisEngine
from lake.engines.limits import unread_keys

from .compared import Lake, LocalSpark, by_worker
from .delimited import CASES, LEFT, Case, data_set, drawn


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_of(lake: Lake, spark: LocalSpark, case: Case) -> None:
    orders = data_set(**case.layout)
    file = lake.land(case.content, "tests/orders/a.csv")
    worker = by_worker(orders, case.content, key=file.key, version_id=file.version_id)
    found = lake.by_spark(orders, file, spark, split_bytes=100_000)
    assert found == worker
    assert found.counts
    assert (found.counts.rows, found.counts.control) == (case.rows, case.control)
    assert found.counts.reasons == case.reasons


@pytest.mark.parametrize(("content", "layout"), LEFT.values(), ids=LEFT)
def test_leaves_to_a_worker(
    lake: Lake, spark: LocalSpark, content: bytes, layout: dict[str, Any]
) -> None:
    file = lake.land(content, "tests/orders/a.csv")
    with pytest.raises(NotForThisEngine):
        lake.by_spark(data_set(**layout), file, spark)


@given(data=st.data())
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_of_any_layout_and_file(lake: Lake, spark: LocalSpark, data: st.DataObject) -> None:
    drawn_set, content = data.draw(drawn(any_line_ends=True))
    assume(not list(unread_keys(drawn_set, "spark")))
    file = lake.land(content, "drawn/files/a.csv")
    worker = by_worker(drawn_set, content, key=file.key, version_id=file.version_id)
    try:
        found = lake.by_spark(drawn_set, file, spark, split_bytes=100)
    except NotForThisEngine:
        return
    assert found == worker
