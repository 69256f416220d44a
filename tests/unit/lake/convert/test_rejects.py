"""Rejected records are kept whole and in order, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lake.convert.rejects import Reason, Reject, Rejects


def reject(number: int, raw: bytes = b"x") -> Reject:
    return Reject(number, number * 10, len(raw), Reason.BLANK, "codneg", raw)


def test_records_are_kept_byte_for_byte_in_the_files_order(tmp_path: Path) -> None:
    """Bytes that are no text in any encoding included."""
    path = tmp_path / "rejects.parquet"
    with Rejects(path) as rejects:
        rejects.extend([reject(3, b"\x00\xff\x85"), reject(1, b"")])
        rejects.extend([Reject(4, 40, 9, Reason.RECORD_LENGTH, None, b"too short")])
    rows = [tuple(row.values()) for row in pq.ParquetFile(path).read().to_pylist()]
    assert rows == [
        (1, 10, 0, "blank", "codneg", b""),
        (3, 30, 3, "blank", "codneg", b"\x00\xff\x85"),
        (4, 40, 9, "record_length", None, b"too short"),
    ]
    assert rejects.count == 3
    assert rejects.reasons == {"blank": 2, "record_length": 1}


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    """Nothing to look at."""
    with Rejects(tmp_path / "rejects.parquet"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("rows", "size_bytes"), [(4096 * 3, 1), (400, 60_000)])
def test_rejects_are_written_before_they_are_many_or_large(
    tmp_path: Path, rows: int, size_bytes: int
) -> None:
    """A file of nothing but bad lines takes no more memory than another."""
    path = tmp_path / "rejects.parquet"
    with Rejects(path) as rejects:
        rejects.extend([reject(number, bytes(size_bytes)) for number in range(rows)])
    file = pq.ParquetFile(path)
    assert file.num_row_groups > 2
    assert file.metadata.num_rows == rows
