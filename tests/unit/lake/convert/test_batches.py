"""Several files go into shared parts; a refused one leaves no trace in them."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lake.convert import BatchConverter, FileRefused, SourceFile
from lake.convert.conversion import Part
from lake.dataset import FixedWidthDataSet

from infra.samples.cotahist import write_quotes


@pytest.fixture
def file(tmp_path: Path) -> bytes:
    """A day's file of 300 quotes, and a bad record."""
    path = tmp_path / "day.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=300, malformed=1)
    return path.read_bytes()


def source(key: str) -> SourceFile:
    return SourceFile(key=key, version_id=f"version of {key}")


def keys_in(folder: Path, parts: tuple[Part, ...]) -> Counter[str]:
    """How many rows of each source the parts hold."""
    found: Counter[str] = Counter()
    for part in parts:
        table = pq.ParquetFile(folder / part.path).read(["source_key"])
        keys = [str(key) for key in table["source_key"].to_pylist()]
        assert (part.rows, part.first_source_key, part.last_source_key) == (
            len(keys), min(keys), max(keys)
        )  # fmt: skip
        found.update(keys)
    return found


def test_small_files_share_a_part_and_a_file_of_rejects(
    quotes: FixedWidthDataSet, file: bytes, tmp_path: Path
) -> None:
    """Each row and each reject says which file it comes from."""
    folder = tmp_path / "out"
    with BatchConverter(quotes, folder, run_id="run-1") as converter:
        for key in "abc":
            assert converter.add(io.BytesIO(file), source(key)).counts.rows == 300
    assert [part.path for part in converter.parts] == ["data=2024-02-29/part-00000.parquet"]
    assert keys_in(folder, converter.parts) == {"a": 300, "b": 300, "c": 300}
    (rejects,) = converter.rejects
    found = pq.ParquetFile(folder / rejects.path).read().to_pylist()
    assert [(row["source_key"], row["source_version"], row["run_id"]) for row in found] == [
        (key, f"version of {key}", "run-1") for key in "abc"
    ]


def test_a_refused_file_leaves_nothing(
    quotes: FixedWidthDataSet, file: bytes, tmp_path: Path
) -> None:
    """Neither rows nor rejects; the files beside it are whole."""
    folder = tmp_path / "out"
    with BatchConverter(quotes, folder, run_id="run-1") as converter:
        converter.add(io.BytesIO(file), source("a"))
        with pytest.raises(FileRefused, match="cut off"):
            converter.add(io.BytesIO(file[:-247]), source("b"))
        converter.add(io.BytesIO(file), source("c"))
    assert keys_in(folder, converter.parts) == {"a": 300, "c": 300}
    assert keys_in(folder, converter.rejects) == {"a": 1, "c": 1}


def test_a_large_file_has_parts_of_its_own(
    quotes: FixedWidthDataSet, file: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are gone where it is refused, its many rejects too."""
    monkeypatch.setattr("lake.convert.attempt.SHARED_BYTES", 30_000)
    monkeypatch.setattr("lake.convert.rejects.ROW_GROUP_ROWS", 1)
    folder = tmp_path / "out"
    small = b"".join([*file.splitlines(keepends=True)[:150], file[-247:]])
    small = small.replace(b"00000000303", b"00000000151")
    with BatchConverter(quotes, folder, run_id="run-1") as converter:
        converter.add(io.BytesIO(small), source("a"))
        converter.add(io.BytesIO(file), source("b"))
        with pytest.raises(FileRefused):
            converter.add(io.BytesIO(file[:-247]), source("c"))
        converter.add(io.BytesIO(small), source("d"))
    assert {(part.first_source_key, part.last_source_key) for part in converter.parts} == {
        ("a", "d"),
        ("b", "b"),
    }
    assert set(keys_in(folder, converter.parts)) == {"a", "b", "d"}
    written = {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}
    assert written == {part.path for part in [*converter.parts, *converter.rejects]}


def test_an_error_of_the_stream_leaves_nothing_of_its_file(
    quotes: FixedWidthDataSet, file: bytes, tmp_path: Path
) -> None:
    """A connection that drops is no refusal: it is raised as it is."""

    class Dropping(io.BytesIO):
        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as Stream
            if self.tell():
                raise ConnectionResetError
            return super().readinto(buffer[:10_000])

    with BatchConverter(quotes, tmp_path / "out", run_id="run-1") as converter:
        with pytest.raises(ConnectionResetError):
            converter.add(Dropping(file), source("a"))
        converter.add(io.BytesIO(file), source("b"))
    assert keys_in(tmp_path / "out", converter.parts) == {"b": 300}
