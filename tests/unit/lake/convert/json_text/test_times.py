"""Arrow reads dates and timestamps in bulk: only where it reads them as the slow way does."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from lake.convert.json_text.times import cast_dates, cast_timestamps, parse_times

_DAYS = st.sampled_from(
    ["2026-02-28", "2026-02-29", "2024-02-29", "0001-01-01", "0000-12-31", "9999-12-31",
     "2026-13-01",
     "2026-2-28", "20260228", "-026-02-02", "2026-02-28Z", " 2026-02-28", "2026-00-10"]
)  # fmt: skip
_CLOCKS = st.sampled_from(
    ["10:20:30", "23:59:59", "24:00:00", "10:60:00", "10:20:60", "10:20", "10", "102030", "1:20:30"]
)
_FRACTIONS = st.sampled_from(["", ".1", ".123", ".123456", ".1234567", ".", ",5", ".1234567890"])
_ZONES = st.sampled_from(
    ["", "Z", "z", "+03:00", "-0330", "+14", "+24:00", "-03:60", " Z", "+3:00", "UTC", "+00:00"]
)
TIMESTAMPS = st.builds(
    "{}{}{}{}{}".format, _DAYS, st.sampled_from("T t_"), _CLOCKS, _FRACTIONS, _ZONES
)


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(TIMESTAMPS, min_size=1, max_size=3), alike=st.booleans())
def test_what_arrow_reads_of_timestamps_is_what_they_are(texts: list[str], alike: bool) -> None:
    texts = [texts[0]] * len(texts) if alike else texts
    values, valid = parse_times(texts, (), is_date=False)
    found = cast_timestamps(pa.array(texts))
    if found is not None:
        assert valid.all()
        assert found.tolist() == values.tolist()


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.one_of(_DAYS, st.text(max_size=11)), min_size=1, max_size=3))
def test_what_arrow_reads_of_dates_is_what_they_are(texts: list[str]) -> None:
    values, valid = parse_times(texts, (), is_date=True)
    found = cast_dates(pa.array(texts))
    if found is not None:
        assert valid.all()
        assert found.tolist() == values.tolist()


def test_arrow_reads_what_is_usual() -> None:
    """Or nothing would be gained."""
    for text in ("2026-03-14T09:26:53Z", "2026-03-14 09:26:53.589", "2026-03-14T09:26:53.589Z"):
        assert cast_timestamps(pa.array([text, text])) is not None
    assert cast_dates(pa.array(["2026-03-14"])) is not None
