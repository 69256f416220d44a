"""Rejected records are kept whole and in order, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lake.convert.conversion import Part
from lake.convert.rejects import (
    QUARANTINE_SCHEMA,
    ROW_GROUP_ROWS,
    Reason,
    Reject,
    Rejects,
    RejectsFile,
)
from lake.convert.source import SourceFile

SOURCE = SourceFile(key="market/a.txt", version_id="v1")


def reject(number: int, raw: bytes = b"x") -> Reject:
    return Reject(number, number * 10, len(raw), Reason.BLANK, "codneg", raw)


@pytest.fixture
def file(tmp_path: Path) -> RejectsFile:
    return RejectsFile(tmp_path, "rejects/part-00000.parquet", schema=QUARANTINE_SCHEMA)


def rejects_of(file: RejectsFile) -> Rejects:
    return Rejects(file, SOURCE, run_id="run-1", encoding="utf-8")


def test_records_are_kept_byte_for_byte_in_the_files_order(
    file: RejectsFile, tmp_path: Path
) -> None:
    """With where they come from; bytes that are no text can be read as \\xNN in `raw`."""
    rejects = rejects_of(file)
    rejects.extend([reject(3, b"\x00\xffSe\xc3\xa1"), reject(1, b"")])
    rejects.extend([Reject(4, 40, 9, Reason.RECORD_LENGTH, None, b"too short")])
    part = file.close()
    path = tmp_path / "rejects" / "part-00000.parquet"
    rows = [tuple(row.values()) for row in pq.ParquetFile(path).read().to_pylist()]
    origin = ("market/a.txt", "v1", None)
    assert rows == [
        (*origin, 1, 10, 0, "blank", "codneg", "", b"", "run-1"),
        (*origin, 3, 30, 6, "blank", "codneg", "\x00\\xffSeá", b"\x00\xffSe\xc3\xa1", "run-1"),
        (*origin, 4, 40, 9, "record_length", None, "too short", b"too short", "run-1"),
    ]
    assert part == Part(
        "rejects/part-00000.parquet", {}, 3, path.stat().st_size, "market/a.txt", "market/a.txt"
    )
    assert rejects.count == 3
    assert rejects.reasons == {"blank": 2, "record_length": 1}


def test_without_rejects_there_is_no_file(file: RejectsFile, tmp_path: Path) -> None:
    """Nothing to look at."""
    assert file.close() is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("rows", "size_bytes"), [(ROW_GROUP_ROWS * 3, 1), (400, 60_000)], ids=["many", "large"]
)
def test_rejects_are_written_before_they_are_many_or_large(
    file: RejectsFile, tmp_path: Path, rows: int, size_bytes: int
) -> None:
    """A file of nothing but bad lines takes no more memory than another."""
    rejects_of(file).extend([reject(number, bytes(size_bytes)) for number in range(rows)])
    assert file.is_written
    file.close()
    found = pq.ParquetFile(tmp_path / "rejects" / "part-00000.parquet")
    assert found.num_row_groups > 2
    assert found.metadata.num_rows == rows


def test_discarded_rejects_leave_no_file(file: RejectsFile, tmp_path: Path) -> None:
    """Those of a refused file."""
    rejects_of(file).extend([reject(number) for number in range(ROW_GROUP_ROWS)])
    file.discard()
    assert not list((tmp_path / "rejects").iterdir())
