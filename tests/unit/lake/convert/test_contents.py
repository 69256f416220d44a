"""What is compressed or in another encoding gives the same rows; what is damaged is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake.convert import BatchConverter, Conversion, FileRefused, SourceFile, convert
from lake.convert.contents import can_be_cut
from lake.convert.source import Peeked, filled
from lake.convert.transcoding import without_mark
from lake.dataset import FixedWidthDataSet

from infra.samples.cotahist import write_quotes


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A day's file of 300 quotes."""
    path = tmp_path_factory.mktemp("text") / "day.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=300)
    return path.read_bytes()


def changed(dataset: FixedWidthDataSet, **keys: Any) -> FixedWidthDataSet:
    """The data set with other keys in its source or layout."""
    compression = keys.pop("compression", "auto")
    return dataset.model_copy(
        update={
            "source": dataset.source.model_copy(update={"compression": compression}),
            "layout": dataset.layout.model_copy(update=keys),
        }
    )


def converted(dataset: FixedWidthDataSet, content: bytes, folder: Path) -> Conversion:
    return convert(dataset, io.BytesIO(content), folder=folder, size_bytes=len(content))


def refused(dataset: FixedWidthDataSet, content: bytes, folder: Path) -> str:
    with pytest.raises(FileRefused) as refusal:
        converted(dataset, content, folder)
    return refusal.value.reason


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("frames", [1, 3])
def test_compressed_files_are_read_whatever_they_are_called(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path, compression: str, frames: int
) -> None:
    """In one frame or in several, one after the other; size and hash are the landed bytes'."""
    size = len(text) // frames + 1
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    content = b"".join(map(COMPRESS[compression], pieces))
    conversion = converted(quotes, content, tmp_path / "auto")
    plain = converted(quotes, text, tmp_path / "plain")
    assert conversion.counts == plain.counts
    assert conversion.size_bytes == len(content)
    assert conversion.sha256 != plain.sha256
    for part in plain.parts:
        files = [pq.read_table(tmp_path / each / part.path) for each in ("auto", "plain")]
        assert files[0].equals(files[1])
    declared = changed(quotes, compression=compression)
    assert converted(declared, content, tmp_path / "said").counts == plain.counts


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("damage", ["cut", "cut in the last frame", "changed", "followed"])
def test_damaged_compression_refuses_the_file(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path, compression: str, damage: str
) -> None:
    """Whatever could be read until then; so does what stands behind the last frame."""
    whole = COMPRESS[compression](text)
    middle = len(whole) // 2
    content = {
        "cut": whole[:middle],
        "cut in the last frame": whole + whole[:-3],
        "changed": whole[:middle] + bytes([whole[middle] ^ 0x55]) + whole[middle + 1 :],
        "followed": whole + b"and text",
    }[damage]
    reason = refused(quotes, content, tmp_path)
    assert reason.startswith(f"its {compression} compression is damaged or cut off: ")
    assert not list(tmp_path.rglob("*.parquet"))


def test_another_compression_than_declared_refuses_the_file(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path
) -> None:
    """None at all, too; and where `none` is declared, nothing is decompressed."""
    declared = changed(quotes, compression="gzip")
    assert refused(declared, bz2.compress(text), tmp_path).startswith(
        "should be compressed with gzip, but it begins with b'BZh9"
    )
    assert "but it begins with b'00COTAHIST'" in refused(declared, text, tmp_path)
    plain = changed(quotes, compression="none")
    assert "no readable header" in refused(plain, gzip.compress(text), tmp_path)


def test_each_member_of_a_zip_is_a_file(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path
) -> None:
    """With header, trailer and line numbers of its own; rejects name it."""
    lines = text.splitlines(keepends=True)
    lines[7] = lines[7].replace(b"20240229", b"20240230", 1)
    content = zipped(first=text, second=b"".join(lines))
    conversion = converted(quotes, content, tmp_path)
    assert (conversion.counts.rows, conversion.counts.control) == (599, 4)
    (part,) = conversion.rejects
    (reject,) = pq.read_table(tmp_path / part.path).to_pylist()
    assert (reject["member"], reject["line_number"], reject["byte_offset"]) == (
        "second", 8, 7 * 247,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped(), "the zip has no files in it"),
        (zipped(first=b"text", second=b"x"), "first: no readable header"),
        (zipped(first=b"00" * 999)[:-9], "the zip is damaged, or not one that can be read: "),
        (zipped(first=b"00" * 999).replace(b"\x08", b"\x63"), "the zip is damaged, or not one "),
    ],
    ids=["empty", "not the layout", "cut", "unknown method"],
)
def test_a_zip_that_cannot_be_read_is_refused(
    quotes: FixedWidthDataSet, tmp_path: Path, content: bytes, reason: str
) -> None:
    """The reason names the member."""
    assert refused(quotes, content, tmp_path).startswith(reason)


def test_a_changed_byte_in_a_zip_refuses_the_file(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path
) -> None:
    """The member's checksum tells, after its rows were read."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("day.txt", text)
    damaged = content.getvalue().replace(b"COTAHIST.2024", b"COTAHIST.2025", 1)
    assert damaged != content.getvalue()
    reason = refused(quotes, damaged, tmp_path)
    assert reason.startswith("day.txt: damaged in the zip: Bad CRC-32")


def test_a_byte_order_mark_is_no_text(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path
) -> None:
    """Offsets count it, since it is in the file."""
    lines = text.decode("latin-1").replace("Ã", "A").splitlines(keepends=True)
    lines[1] = "01x" + lines[1][3:]
    content = "".join(lines).encode("ascii", "replace")
    conversion = converted(changed(quotes, encoding="utf-8"), b"\xef\xbb\xbf" + content, tmp_path)
    assert conversion.counts.rows == 299
    (reject,) = pq.read_table(tmp_path / conversion.rejects[0].path).to_pylist()
    assert reject["byte_offset"] == 247 + 3
    assert refused(quotes, b"\xef\xbb\xbf" + content, tmp_path) == (
        "begins with the byte order mark of utf-8, but should be latin-1"
    )


@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "utf-16-le", "UTF-16BE"])
@pytest.mark.parametrize("found", ["le", "be", "le with a mark", "be with a mark"])
def test_utf_16_is_read_by_its_mark_or_as_declared(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path, declared: str, found: str
) -> None:
    """Without a mark, it has to be declared with its order."""
    order, mark = found[:2], "\ufeff" if "mark" in found else ""
    plain = text.decode("latin-1").encode("ascii", "replace").decode()
    content = (mark + plain).encode(f"utf-16-{order}")
    dataset = changed(quotes, encoding=declared)
    if mark or declared.lower().replace("-", "").endswith(order):
        assert converted(dataset, content, tmp_path).counts.rows == 300
    elif declared == "utf-16":
        assert refused(dataset, content, tmp_path).startswith("no byte order mark; without one")
    else:
        assert "no readable header" in refused(dataset, content, tmp_path)


class Pieces(io.BytesIO):
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(memoryview(buffer)[: self._size])


_UNITS = st.sampled_from([0x41, 0xE9, 0x20AC, 0xD83D, 0xDE00, 0xDC00, 0xD800, 0xFFFD, 0x0A])


@given(
    units=st.lists(_UNITS, max_size=40),
    half=st.booleans(),
    size=st.integers(1, 7),
    room=st.integers(1, 50),
    order=st.sampled_from(["little", "big"]),
)
def test_any_utf_16_becomes_utf_8_or_what_is_none(
    units: list[int], half: bool, size: int, room: int, order: Any
) -> None:
    """Pairs become their character; a lone surrogate and half a code unit become no UTF-8."""
    data = b"".join(unit.to_bytes(2, order) for unit in units)
    encoding = f"utf-16-{order[0]}e"
    stream, _ = without_mark(Peeked(Pieces(data + b"A" * half, size), 3), encoding)
    found = b""
    buffer = memoryview(bytearray(room))
    while count := filled(stream, buffer):
        found += buffer[:count]
    expected = data.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    assert found == expected + b"\xff" * half


def test_only_plain_text_is_cut_into_ranges(quotes: FixedWidthDataSet, text: bytes) -> None:
    """By its first bytes, or by what is declared."""
    assert can_be_cut(quotes, text[:16])
    assert not can_be_cut(quotes, gzip.compress(text)[:16])
    assert not can_be_cut(quotes, b"\xff\xfe0\x000\x00")
    assert not can_be_cut(changed(quotes, encoding="utf-16-le"), b"0\x000\x00")
    assert not can_be_cut(changed(quotes, compression="zip"), b"PK")


def test_a_compressed_file_has_no_ranges(
    quotes: FixedWidthDataSet, text: bytes, tmp_path: Path
) -> None:
    """The first of them is refused, and so the file is."""
    content = gzip.compress(text)
    source = SourceFile(key="a", version_id="1", size_bytes=len(content), end=1000)
    with (
        BatchConverter(quotes, tmp_path, run_id="run") as converter,
        pytest.raises(FileRefused, match="cannot be read in byte ranges"),
    ):
        converter.add(io.BytesIO(content), source)
