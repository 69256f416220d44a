"""Athena gives of delimited files what a worker gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from lake.engines.documents import NotForThisEngine
from lake.engines.limits import unread_keys

from .compared import Lake, by_worker
from .delimited import CASES, GOOD, HEADER, LEFT, Case, data_set, drawn

FAR = GOOD * 3000
"""More than is read of a file's ends."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_of(lake: Lake, case: Case) -> None:
    orders = data_set(**case.layout)
    file = lake.land(case.content, "tests/orders/a.csv")
    worker = by_worker(orders, case.content, key=file.key, version_id=file.version_id)
    athena = lake.by_athena(orders, file)
    assert athena == worker.without_places()
    assert athena.counts
    assert (athena.counts.rows, athena.counts.control) == (case.rows, case.control)
    assert athena.counts.reasons == case.reasons


@pytest.mark.parametrize(("content", "layout"), LEFT.values(), ids=LEFT)
def test_leaves_to_a_worker(lake: Lake, content: bytes, layout: dict[str, Any]) -> None:
    file = lake.land(content, "tests/orders/a.csv")
    with pytest.raises(NotForThisEngine):
        lake.by_athena(data_set(**layout), file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEADER + GOOD + HEADER, "2 records are like its header"),
        (b"Orders\n" + HEADER + b"Orders\n", "2 records are like its skipped"),
        (HEADER + b"1;a\rb\n", "a carriage return alone"),
        (HEADER + GOOD + FAR + GOOD[:-1] + b"\r1\n" + FAR + GOOD, "1 lines may not be records"),
        (HEADER + GOOD + b"\r\n", "do not all end with LF"),
        (HEADER + GOOD.replace(b"a", b"\x01"), "the byte 0x01"),
    ],
)
def test_cannot_tell_where_a_line_stands_or_ends(lake: Lake, content: bytes, reason: str) -> None:
    file = lake.land(content, "tests/orders/a.csv")
    skip_lines = int(content.startswith(b"Orders"))
    with pytest.raises(NotForThisEngine, match=reason):
        lake.by_athena(data_set(skip_lines=skip_lines), file)


@pytest.mark.parametrize("layout", [{"extra_columns": "ignore"}, {"optional": True}])
def test_tells_no_cut_record_where_any_number_of_fields_is_right(
    lake: Lake, layout: dict[str, Any]
) -> None:
    file = lake.land(GOOD, "tests/orders/a.csv")
    with pytest.raises(NotForThisEngine, match="several numbers of fields"):
        lake.by_athena(data_set(header="none", **layout), file)


def test_tells_no_cut_record_from_a_comment(lake: Lake) -> None:
    file = lake.land(HEADER + FAR + GOOD[:-1] + b"\r#1\n" + FAR, "tests/orders/a.csv")
    with pytest.raises(NotForThisEngine, match="some may be comments"):
        lake.by_athena(data_set(comment="#"), file)


@given(data=st.data())
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_of_any_layout_and_file(lake: Lake, data: st.DataObject) -> None:
    drawn_set, content = data.draw(drawn(any_line_ends=False))
    assume(not list(unread_keys(drawn_set, "athena")))
    file = lake.land(content, "drawn/files/a.csv")
    worker = by_worker(drawn_set, content, key=file.key, version_id=file.version_id)
    try:
        athena = lake.by_athena(drawn_set, file)
    except NotForThisEngine:
        return
    assert athena == worker.without_places()
