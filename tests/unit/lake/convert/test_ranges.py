"""A file that is cut into byte ranges gives what the whole file gives."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake.convert import BatchConverter, Conversion, FileRefused, SourceFile, reconcile
from lake.convert.ranges import RecordRange
from lake.convert.source import Landed
from lake.dataset import DataSet, FixedWidthDataSet

from infra.samples.cotahist import write_quotes
from tests.unit.lake.convert.files import data_sets, files

Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def ranges(size_bytes: int, cuts: list[int]) -> list[SourceFile]:
    """The ranges of a file between these cuts."""
    edges = sorted({0, size_bytes, *(cut for cut in cuts if cut < size_bytes)})
    return [
        SourceFile(key="a", version_id="1", size_bytes=size_bytes, start=start, end=end)
        for start, end in pairwise(edges)
    ]


def opened(content: bytes, source: SourceFile) -> io.BytesIO:
    return io.BytesIO(content[source.first_byte_read :])


def read(converter: BatchConverter, folder: Path) -> Found:
    """All rows in the order of their parts, and all rejects."""
    rows, rejects = (
        [row for part in parts for row in pq.ParquetFile(folder / part.path).read().to_pylist()]
        for parts in (converter.parts, converter.rejects)
    )
    return rows, rejects


def whole(dataset: DataSet, content: bytes, folder: Path) -> tuple[Conversion, Found]:
    source = SourceFile(key="a", version_id="1", size_bytes=len(content))
    with BatchConverter(dataset, folder, run_id="run") as converter:
        conversion = converter.add(io.BytesIO(content), source)
    return conversion, read(converter, folder)


def in_ranges(
    dataset: DataSet, content: bytes, cuts: list[int], folder: Path
) -> tuple[Conversion, Found]:
    """Each range converted on its own; line numbers made those of the file."""
    conversions: list[Conversion] = []
    rows: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for number, source in enumerate(ranges(len(content), cuts)):
        with BatchConverter(dataset, folder / str(number), run_id="run") as converter:
            conversion = converter.add(opened(content, source), source)
        found, found_rejects = read(converter, folder / str(number))
        before = sum(each.counts.lines for each in conversions)
        rows += found
        rejects += [
            reject | {"line_number": reject["line_number"] + before} for reject in found_rejects
        ]
        conversions.append(conversion)
    return reconcile(dataset, conversions), (rows, rejects)


def ordered(found: Found) -> Found:
    """Partitions come in another order in a range than in the file."""
    return sorted(found[0], key=repr), found[1]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_any_cut_gives_what_the_whole_file_gives(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same rows, rejects with their offsets, and counts; or the same refusal."""
    dataset = data.draw(data_sets().filter(lambda drawn: drawn.layout.splittable))
    content = data.draw(files(dataset))
    cuts = data.draw(st.lists(st.integers(1, max(1, len(content))), max_size=6))
    folder = tmp_path_factory.mktemp("drawn")
    try:
        expected, found = whole(dataset, content, folder / "whole")
    except FileRefused as refusal:
        with pytest.raises(FileRefused) as refused:
            in_ranges(dataset, content, cuts, folder)
        assert refused.value.reason == refusal.reason
        return
    conversion, found_in_ranges = in_ranges(dataset, content, cuts, folder)
    assert ordered(found_in_ranges) == ordered(found)
    assert conversion.counts == expected.counts
    assert conversion.size_bytes == len(content)


@given(
    content=st.binary(max_size=60).map(lambda data: data.replace(b"\x00", b"\n")),
    cuts=st.lists(st.integers(1, 60), max_size=5),
    size=st.integers(1, 9),
)
def test_each_line_is_in_the_range_that_it_begins_in(
    content: bytes, cuts: list[int], size: int
) -> None:
    """Whole, however far it goes; and the ranges' own bytes are what is counted and hashed."""
    lines = content.splitlines(keepends=True) if b"\r" not in content else []
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    starts = [sum(map(len, lines[:index])) for index in range(len(lines))]
    for source in ranges(len(content), cuts):
        landed = Landed(opened(content, source), source)
        stream = RecordRange(landed, source)
        found = b""
        buffer = memoryview(bytearray(size))
        while count := stream.readinto(buffer):
            found += buffer[:count]
        mine = [
            (start, line)
            for start, line in zip(starts, lines, strict=True)
            if source.end is not None and source.start <= start < source.end
        ]
        assert found == b"".join(line for _, line in mine)
        if mine:
            assert stream.offset_bytes == mine[0][0]
        own = content[source.start : source.end]
        assert (landed.size_bytes, landed.sha256) == (len(own), hashlib.sha256(own).hexdigest())


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    path = tmp_path / "day.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=300, malformed=3)
    return path.read_bytes()


def test_a_range_has_parts_of_its_own(
    quotes: FixedWidthDataSet, content: bytes, tmp_path: Path
) -> None:
    """So that they can go when the other ranges refuse the file; a small file beside it shares."""
    small = SourceFile(key="b", version_id="1")
    with BatchConverter(quotes, tmp_path, run_id="run") as converter:
        for source in ranges(len(content), [20_000]):
            converter.add(opened(content, source), source)
        converter.add(io.BytesIO(content), small)
    keys = [(part.first_source_key, part.last_source_key) for part in converter.parts]
    assert sorted(keys) == [("a", "a"), ("a", "a"), ("b", "b")]


def test_the_hash_of_ranges_is_of_their_hashes(
    quotes: FixedWidthDataSet, content: bytes, tmp_path: Path
) -> None:
    """Which depends on the file and its cuts alone."""
    conversion, _ = in_ranges(quotes, content, [20_000], tmp_path)
    hashes = [hashlib.sha256(each).hexdigest() for each in (content[:20_000], content[20_000:])]
    assert conversion.sha256 == hashlib.sha256("".join(hashes).encode()).hexdigest()


def test_a_range_that_did_not_arrive_is_refused(
    quotes: FixedWidthDataSet, content: bytes, tmp_path: Path
) -> None:
    """It says how many bytes are missing."""
    source = ranges(len(content), [20_000])[0]
    with (
        BatchConverter(quotes, tmp_path, run_id="run") as converter,
        pytest.raises(FileRefused, match="5000 bytes were read of 20000"),
    ):
        converter.add(io.BytesIO(content[:5000]), source)


def test_the_whole_file_is_judged_by_all_of_its_ranges(
    quotes: FixedWidthDataSet, content: bytes, tmp_path: Path
) -> None:
    """By the ratio of bad records, and by the trailer."""
    strict = quotes.model_copy(update={"max_bad_ratio": 0.0})
    with pytest.raises(FileRefused, match="3 of 303 records are bad"):
        in_ranges(strict, content, [20_000], tmp_path / "ratio")
    with pytest.raises(FileRefused, match="the trailer counts 305 lines, but there are 304"):
        in_ranges(quotes, content[:247] + content[494:], [20_000], tmp_path / "count")
    with pytest.raises(FileRefused, match="cut off"):
        in_ranges(quotes, content[:-247], [20_000], tmp_path / "cut")
