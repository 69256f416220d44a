"""The conversion and the naive reading agree on every file, however it is broken and read."""

from __future__ import annotations

import io
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake.convert import Conversion, FileRefused, convert
from lake.convert.rejects import Reject
from lake.dataset import FixedWidthDataSet
from lake.dataset.column import SOURCE_KEY

from infra.samples.cotahist import write_quotes
from tests.unit.lake.convert import naive
from tests.unit.lake.convert.files import data_sets, files

KEY = "landed/file.txt"
type Rows = dict[tuple[tuple[str, str], ...], list[dict[str, Any]]]
"""The rows of each partition, in their order."""


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a network does."""

    def __init__(self, data: bytes, at_most: int) -> None:
        super().__init__(data)
        self._at_most = at_most

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(memoryview(buffer)[: self._at_most])


@contextmanager
def sizes(*, block: int, kept: int, lines: int, rows: int, row_groups: int) -> Iterator[None]:
    """Make the conversion work in pieces of these sizes, so that every boundary is crossed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lake.convert.lines.BLOCK_BYTES", block)
        patch.setattr("lake.convert.lines.KEPT_BYTES", kept)
        patch.setattr("lake.convert.lines.MOST_LINES", lines)
        for module in ("columns", "text", "fixed_width", "partitions"):
            patch.setattr(f"lake.convert.{module}.BATCH_ROWS", rows)
        patch.setattr("lake.convert.partitions.OPEN_ROW_GROUPS", row_groups)
        patch.setattr("lake.convert.rejects.ROW_GROUP_ROWS", rows)
        yield


def assert_agrees(conversion: Conversion, folder: Path, expected: naive.Reading) -> None:
    """Same rows in the same partitions, same rejects, same counts."""
    rows: Rows = defaultdict(list)
    for part in conversion.parts:
        table = pq.ParquetFile(folder / part.path).read()
        assert table.num_rows == part.rows
        assert set(table.column(SOURCE_KEY).to_pylist()) == {KEY}
        rows[tuple(part.partition.items())] += table.drop_columns(SOURCE_KEY).to_pylist()
    expected_rows: Rows = defaultdict(list)
    for row in expected.rows:
        partition = tuple((name, str(row[name])) for name in conversion.parts[0].partition)
        expected_rows[partition].append(row)
    assert rows == expected_rows
    assert rejects(conversion, folder) == expected.rejects
    counts = conversion.counts
    assert (counts.lines, counts.control) == (expected.lines, expected.control)
    assert counts.reasons == Counter(reject[3] for reject in expected.rejects)


def rejects(conversion: Conversion, folder: Path) -> list[naive.RejectedLine]:
    found = []
    for part in conversion.rejects:
        for row in pq.ParquetFile(folder / part.path).read().to_pylist():
            row["raw"] = row["raw_bytes"]
            found.append(tuple(row[name] for name in Reject._fields))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_agrees_with_the_naive_reading(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any layout, any file, at every size of read, block and batch."""
    dataset = data.draw(data_sets())
    content = data.draw(files(dataset))
    kept = dataset.layout.record_length + data.draw(st.integers(0, 40))
    expected = naive.read(dataset, content, kept_bytes=kept)
    folder = tmp_path_factory.mktemp("drawn")
    stream = Trickle(content, data.draw(st.integers(1, 300)))
    with sizes(
        block=data.draw(st.integers(1, 300)),
        kept=kept,
        lines=data.draw(st.integers(1, 20)),
        rows=data.draw(st.integers(1, 20)),
        row_groups=data.draw(st.integers(1, 5)),
    ):
        try:
            conversion = convert(
                dataset, stream, folder=folder, size_bytes=len(content), source_key=KEY
            )
        except FileRefused as refused:
            assert expected.refused, refused.reason
            return
        assert not expected.refused
        assert_agrees(conversion, folder, expected)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_on_thousands_of_quotes_with_bytes_changed_at_random(
    seed: int, quotes: FixedWidthDataSet, tmp_path: Path
) -> None:
    """The product's own layout, many blocks and batches, some lines joined, cut or garbled."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    path = tmp_path / "quotes.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=3000, malformed=40, seed=seed)
    content = bytearray(path.read_bytes())
    for _ in range(150):
        content[dice.randrange(247, len(content) - 247)] = dice.randrange(256)
    number = content.count(b"\n")  # a changed byte may have ended or joined lines
    content[-247 + 31 : -247 + 42] = b"%011d" % number
    dataset = quotes.model_copy(update={"max_bad_ratio": 1.0})
    expected = naive.read(dataset, bytes(content), kept_bytes=300)
    with sizes(
        block=dice.randrange(2000, 20_000), kept=300, lines=dice.randrange(1, 50), rows=257,
        row_groups=3,
    ):  # fmt: skip
        conversion = convert(dataset, io.BytesIO(content), folder=tmp_path / "out", source_key=KEY)
    assert expected.rejects
    assert_agrees(conversion, tmp_path / "out", expected)


def test_the_same_bytes_give_the_same_files_however_they_are_read(
    quotes: FixedWidthDataSet, tmp_path: Path
) -> None:
    """Names and contents do not depend on the sizes of reads and blocks."""
    source = tmp_path / "quotes.txt"
    write_quotes(source, trading_day=date(2024, 2, 29), rows=1000, malformed=10)
    content = source.read_bytes()
    files = []
    for index, (block, at_most) in enumerate([(1 << 20, 1 << 20), (9000, 77), (4001, 5000)]):
        folder = tmp_path / str(index)
        with sizes(block=block, kept=1 << 16, lines=1000, rows=300, row_groups=512):
            convert(quotes, Trickle(content, at_most), folder=folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files.append({str(path.relative_to(folder)): path.read_bytes() for path in paths})
    assert set(files[0]) == {"data=2024-02-29/part-00000.parquet", "rejects/part-00000.parquet"}
    assert files[0] == files[1] == files[2]
