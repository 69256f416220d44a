"""The benchmark's files have the size that was asked for, and are whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.convert import convert
from lake.dataset import DataSet

from infra.bench.workloads import SMALLEST_BYTES
from infra.bench.workloads.fixed_width import write_sample


def test_the_smallest_file_has_a_malformed_line_of_each_kind(
    quotes: DataSet, tmp_path: Path
) -> None:
    sample = write_sample(tmp_path / "sample.TXT", SMALLEST_BYTES)
    with sample.path.open("rb") as stream:
        counts = convert(quotes, stream, folder=tmp_path / "out").counts
    assert (counts.rows, counts.rejected) == (sample.rows, sample.malformed) == (4042, 4)
    assert set(counts.reasons.values()) == {1}


@pytest.mark.parametrize(("most_records_a_day", "days"), [(8095, 1), (8094, 2), (3000, 3)])
def test_days_follow_each_other_between_one_header_and_one_trailer_that_counts(
    quotes: DataSet, tmp_path: Path, most_records_a_day: int, days: int
) -> None:
    path = tmp_path / "sample.TXT"
    sample = write_sample(path, 2_000_000, most_records_a_day=most_records_a_day)
    with path.open("rb") as stream:
        conversion = convert(quotes, stream, folder=tmp_path / "out")
    assert len(conversion.parts) == days
    assert (conversion.counts.rows, conversion.counts.control) == (sample.rows, 2)
    assert sample.rows + sample.malformed == 8095
    assert sample.size_bytes == path.stat().st_size == pytest.approx(2_000_000, rel=0.001)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "sample.TXT"]
