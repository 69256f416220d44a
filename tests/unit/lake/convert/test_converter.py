"""What a conversion gives, and which files it refuses."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from lake.convert import Conversion, Counts, FileRefused, Part, convert
from lake.dataset import DataSet

from infra.samples.cotahist import write_quotes
from tests.unit.lake.convert.conftest import REPOSITORY

REAL_DAY = REPOSITORY / "tests" / "data" / "cotahist" / "COTAHIST_D25062021.TXT.gz"


@pytest.fixture
def day(tmp_path: Path) -> list[bytes]:
    """The lines of a day's file of 200 good quotes."""
    path = tmp_path / "day.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=200)
    return path.read_bytes().splitlines(keepends=True)


def converted(dataset: DataSet, lines: list[bytes], folder: Path) -> Conversion:
    return convert(dataset, io.BytesIO(b"".join(lines)), folder=folder)


def refusal(dataset: DataSet, lines: list[bytes], folder: Path) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        converted(dataset, lines, folder)
    return refused.value


def test_a_real_day_is_converted_exactly(quotes: DataSet, tmp_path: Path) -> None:
    """Every quote, the total to the cent, and the dates and NULLs of B3's own file."""
    content = gzip.decompress(REAL_DAY.read_bytes())
    conversion = convert(
        quotes, io.BytesIO(content), folder=tmp_path, size_bytes=len(content), source_key="a.TXT"
    )
    assert conversion.counts == Counts(lines=7520, rows=7518, rejected=0, control=2, reasons={})
    assert conversion.size_bytes == len(content)
    assert conversion.sha256 == hashlib.sha256(content).hexdigest()
    path = "data=2021-06-25/part-00000.parquet"
    size_bytes = (tmp_path / path).stat().st_size
    day = {"data": "2021-06-25"}
    assert conversion.parts == (Part(path, day, 7518, size_bytes, "a.TXT", "a.TXT"),)
    assert conversion.rejects == ()
    table = pq.read_table(tmp_path / path, partitioning=None)
    assert set(table["source_key"].to_pylist()) == {"a.TXT"}
    assert pc.sum(table["voltot"]).as_py() == Decimal("33577581321.31")
    assert pc.max(table["datven"]).as_py() == date(9999, 12, 31)
    assert table["prazot"].null_count == 1541
    assert [path.name for path in tmp_path.iterdir()] == ["data=2021-06-25"]


def test_columns_have_the_types_that_athena_reads(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """Decimals as integers with a scale, dates as dates, text as text; partitions are there too."""
    part = converted(quotes, day, tmp_path).parts[0]
    schema = pq.ParquetFile(tmp_path / part.path).schema
    columns = {column.name: column for column in map(schema.column, range(len(schema.names)))}
    assert list(columns) == [*(column.name for column in quotes.columns), "source_key"]
    assert columns["voltot"].physical_type == "INT64"
    assert str(columns["voltot"].logical_type) == "Decimal(precision=18, scale=2)"
    assert str(columns["datven"].logical_type) == "Date"
    assert str(columns["nomres"].logical_type) == "String"
    assert columns["tpmerc"].physical_type == "INT32"
    assert columns["quatot"].physical_type == "INT64"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("ending", [b"", b"\x1a"])
def test_line_ends_and_the_end_of_file_mark_of_dos_are_no_data(
    quotes: DataSet, day: list[bytes], tmp_path: Path, line_end: bytes, ending: bytes
) -> None:
    """The same rows from CRLF and LF, with and without 0x1A at the end."""
    lines = [line.removesuffix(b"\r\n") + line_end for line in day]
    counts = converted(quotes, [*lines, ending], tmp_path).counts
    assert (counts.rows, counts.rejected, counts.control) == (200, 0, 2 + len(ending))


def test_a_last_line_without_its_end_is_read(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """The trailer may be the file's last byte."""
    assert converted(quotes, [*day[:-1], day[-1].rstrip()[:42].ljust(245)], tmp_path).counts.rows


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "the file is empty"),
        ([b"hello\n"], "no readable header: line 1 has 5 bytes and starts with b'hello'"),
        ([bytes(2_000_000)], "no readable header: line 1 has 2000000 bytes"),
    ],
)
def test_what_is_no_such_file_is_refused(
    quotes: DataSet, tmp_path: Path, content: list[bytes], reason: str
) -> None:
    """The reason says what was found instead."""
    assert refusal(quotes, content, tmp_path).reason.startswith(reason)


def test_a_file_without_its_header_is_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """The first line must be one."""
    assert "no readable header" in refusal(quotes, day[1:], tmp_path).reason


def test_a_file_that_was_cut_off_is_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """Without its trailer it may lack anything."""
    refused = refusal(quotes, day[:-1], tmp_path)
    assert refused.reason == "no trailer of type '99': the file was cut off"
    assert refused.counts.rows == 200


def test_a_trailer_that_counts_other_lines_is_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """A line that got lost on the way shows."""
    refused = refusal(quotes, day[:10] + day[11:], tmp_path)
    assert refused.reason == "the trailer counts 202 lines, but there are 201"


def test_a_trailer_whose_count_is_no_number_is_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """It reconciles nothing."""
    trailer = day[-1].replace(b"00000000202", b"0000000020x")
    assert "is no number" in refusal(quotes, [*day[:-1], trailer], tmp_path).reason


def test_a_file_without_details_is_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """Header and trailer alone are no data."""
    trailer = day[-1].replace(b"00000000202", b"00000000002")
    refused = refusal(quotes, [day[0], trailer], tmp_path)
    assert refused.reason == "no record of the layout in 2 lines (none rejected)"


def test_bytes_that_did_not_arrive_are_refused(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """The object's size is what must have been read."""
    with pytest.raises(FileRefused, match="49894 bytes were read of 49895"):
        convert(quotes, io.BytesIO(b"".join(day)), folder=tmp_path, size_bytes=49895)


@pytest.mark.parametrize(("broken", "accepted"), [(2, True), (3, False)])
def test_bad_records_are_accepted_up_to_the_limit(
    quotes: DataSet, day: list[bytes], tmp_path: Path, broken: int, accepted: bool
) -> None:
    """`max_bad_ratio` of 0.01 is 2 of 200; what is kept says where and why."""
    for number in range(1, broken + 1):
        day[number] = day[number][:170] + b"x" + day[number][171:]
    if accepted:
        conversion = converted(quotes, day, tmp_path)
        assert conversion.counts.reasons == {"not_a_number": broken}
        reject = pq.read_table(tmp_path / conversion.rejects[0].path).to_pylist()[1]
        assert reject == {
            "source_key": "",
            "source_version": "",
            "member": None,
            "line_number": 3,
            "byte_offset": 2 * 247,
            "length_bytes": 245,
            "reason": "not_a_number",
            "column_name": "voltot",
            "raw": day[2].removesuffix(b"\r\n").decode("latin-1"),
            "raw_bytes": day[2].removesuffix(b"\r\n"),
            "run_id": "",
        }
    else:
        refused = refusal(quotes, day, tmp_path)
        assert refused.reason == (
            "3 of 200 records are bad (not_a_number 3): "
            "a ratio of 0.015000, over max_bad_ratio 0.01"
        )
        assert refused.counts.bad_ratio == 3 / 200


def test_a_line_longer_than_any_buffer_is_one_reject(
    quotes: DataSet, day: list[bytes], tmp_path: Path
) -> None:
    """It is read past; its first 65,536 bytes are kept, with its true length."""
    day[50:50] = [b"01" + b"z" * 5_000_000 + b"\r\n"]
    day[-1] = day[-1].replace(b"00000000202", b"00000000203")
    conversion = converted(quotes, day, tmp_path)
    assert (conversion.counts.rows, conversion.counts.reasons) == (200, {"record_length": 1})
    reject = pq.read_table(tmp_path / conversion.rejects[0].path).to_pylist()[0]
    assert (reject["length_bytes"], len(reject["raw_bytes"])) == (5_000_002, 65_536)


def test_a_refusal_survives_pickling(quotes: DataSet, day: list[bytes], tmp_path: Path) -> None:
    """Task runners pass exceptions between processes."""
    refused = refusal(quotes, day[:-1], tmp_path)
    copy = pickle.loads(pickle.dumps(refused))  # noqa: S301  # pickled in the line itself
    assert (copy.reason, copy.counts) == (refused.reason, refused.counts)


def test_counts_that_do_not_add_up_cannot_be_made() -> None:
    """A line is in one place, and a rejected line has one reason."""
    with pytest.raises(ValueError, match="lost or counted twice"):
        Counts(lines=3, rows=1, rejected=0, control=1, reasons={})
    with pytest.raises(ValueError, match="without a reason"):
        Counts(lines=2, rows=1, rejected=1, control=0, reasons={})


def test_memory_stays_under_250_mb_and_pandas_out(tmp_path: Path) -> None:
    """A process that converts 100 MB, its imports included."""
    path = tmp_path / "quotes.txt"
    write_quotes(path, trading_day=date(2024, 2, 29), rows=400_000, malformed=400)
    script = """
import sys
from pathlib import Path
from lake.convert import convert
from lake.dataset import load_data_set
dataset = load_data_set(Path(sys.argv[1]))
with open(sys.argv[2], "rb") as stream:
    conversion = convert(dataset, stream, folder=Path(sys.argv[3]))
# Not ru_maxrss, which begins with the memory of the process that forked this one.
status = Path("/proc/self/status").read_text()
peak_kb = int(status.partition("VmHWM:")[2].split()[0])
print(conversion.counts.rows, peak_kb // 1024, "pandas" in sys.modules)
"""
    quotes_yaml = REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml"
    output = subprocess.run(
        [sys.executable, "-c", script, str(quotes_yaml), str(path), str(tmp_path / "out")],
        check=True, capture_output=True, text=True, cwd=REPOSITORY / "dags",
    ).stdout.split()  # fmt: skip
    rows, peak_mb, has_pandas = output
    assert (rows, has_pandas) == ("400000", "False")
    assert int(peak_mb) < 250
