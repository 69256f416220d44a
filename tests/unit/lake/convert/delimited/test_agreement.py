"""The conversion and the naive reading agree on every file, however it is broken and read."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake.convert import Conversion, FileRefused, convert
from lake.dataset.column import SOURCE_KEY

from tests.unit.lake.convert.delimited import naive
from tests.unit.lake.convert.delimited.files import data_sets, files

type Rows = dict[tuple[tuple[str, str], ...], list[dict[str, Any]]]


@contextmanager
def sizes(*, block: int, longest: int, kept: int, rows: int) -> Iterator[None]:
    """Make the conversion work in pieces of these sizes, so that every boundary is crossed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lake.convert.delimited.window.BLOCK_BYTES", block)
        patch.setattr("lake.convert.delimited.window.RETRIED_BYTES", 8)
        patch.setattr("lake.convert.delimited.fields._TRIMMED_TOGETHER", 1)
        for module in ("window", "records"):
            patch.setattr(f"lake.convert.delimited.{module}.LONGEST_RECORD_BYTES", longest)
            patch.setattr(f"lake.convert.delimited.{module}.KEPT_BYTES", kept)
        patch.setattr("lake.convert.delimited.batches.BATCH_ROWS", rows)
        patch.setattr("lake.convert.delimited.columns._TRIED_AGAIN_AFTER", 1)
        yield


def assert_agrees(conversion: Conversion, folder: Path, expected: naive.Reading) -> None:
    """Same rows in the same partitions, same rejects, same counts."""
    rows: Rows = defaultdict(list)
    for part in conversion.parts:
        table = pq.ParquetFile(folder / part.path).read()
        rows[tuple(part.partition.items())] += table.drop_columns(SOURCE_KEY).to_pylist()
    expected_rows: Rows = defaultdict(list)
    for row in expected.rows:
        partition = tuple((name, str(row[name])) for name in conversion.parts[0].partition)
        expected_rows[partition].append(row)
    assert rows == expected_rows
    assert rejects(conversion, folder) == expected.rejects
    counts = conversion.counts
    assert (counts.lines, counts.control) == (expected.records, expected.control)
    assert counts.reasons == Counter(reject[3] for reject in expected.rejects)


def rejects(conversion: Conversion, folder: Path) -> list[naive.RejectedRecord]:
    """What was rejected, in order."""
    names = (
        "line_number", "byte_offset", "length_bytes", "reason", "column_name", "raw_bytes",
    )  # fmt: skip
    return [
        tuple(row[name] for name in names)
        for part in conversion.rejects
        for row in pq.ParquetFile(folder / part.path).read().to_pylist()
    ]


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_file_is_read_as_the_naive_reading_does(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the layout, the corruption, and the sizes that the file is read in."""
    dataset = data.draw(data_sets())
    content = data.draw(files(dataset))
    longest = data.draw(st.sampled_from([48, 80, 1000]))
    kept = data.draw(st.sampled_from([40, 48]))
    block = data.draw(st.sampled_from([17, 64, 4096, 4096]))
    expected = naive.read(dataset, content, kept_bytes=kept, longest_bytes=longest)
    folder = tmp_path_factory.mktemp("drawn")
    with sizes(block=block, longest=longest, kept=kept, rows=data.draw(st.sampled_from([2, 5]))):
        try:
            conversion = convert(dataset, io.BytesIO(content), folder=folder)
        except FileRefused:
            assert expected.refused
            return
    assert not expected.refused
    assert_agrees(conversion, folder, expected)
