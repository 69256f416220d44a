"""Layouts as they are in use: CNAB 240 and 400, NOAA's .dly, a mainframe's file in ASCII."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from lake.convert import BatchConverter, Conversion, FileRefused, SourceFile, convert, reconcile
from lake.dataset import FixedWidthDataSet

LAYOUTS = Path(__file__).with_name("layouts")


def layout(name: str, **changes: Any) -> FixedWidthDataSet:
    """One of the data set files, with some of its keys changed."""
    document = yaml.safe_load((LAYOUTS / f"{name}.yaml").read_text())
    return FixedWidthDataSet.model_validate(
        {"domain": "examples", "table": name, **document, **changes}
    )


def converted(
    dataset: FixedWidthDataSet, content: bytes, folder: Path
) -> tuple[Conversion, list[dict[str, Any]]]:
    conversion = convert(dataset, io.BytesIO(content), folder=folder, size_bytes=len(content))
    rows = [
        {name: value for name, value in row.items() if name != "source_key"}
        for part in conversion.parts
        for row in pq.ParquetFile(folder / part.path).read().to_pylist()
    ]
    return conversion, rows


def refused(dataset: FixedWidthDataSet, content: bytes, folder: Path) -> str:
    with pytest.raises(FileRefused) as refusal:
        converted(dataset, content, folder)
    return refusal.value.reason


def record(length: int, **fields: str) -> bytes:
    """A line with each text at its position, `at_<position>`."""
    line = [" "] * length
    for name, text in fields.items():
        start = int(name.removeprefix("at_")) - 1
        line[start : start + len(text)] = text
    return "".join(line).encode("latin-1") + b"\r\n"


def charge(batch: int, sequence: int, cents: int, due: str = "31122026") -> list[bytes]:
    """Segments P and Q of one charge."""
    numbers = {"at_1": f"341{batch:04}3{sequence:05}"}
    return [
        record(240, **numbers, at_14="P", at_63=f"DOC{sequence}", at_78=due,
               at_86=f"{cents:015}", at_109="A"),
        record(240, **numbers, at_14="Q", at_34="MARIA DA CONCEIÇÃO"),
    ]  # fmt: skip


def batch(number: int, cents: list[int], *, total: int | None = None) -> list[bytes]:
    details = [line for index, each in enumerate(cents) for line in charge(number, index + 1, each)]
    total = sum(cents) if total is None else total
    counts = f"{len(details) + 2:06}{len(cents):06}{total:017}"
    return [
        record(240, at_1=f"341{number:04}1R"),
        *details,
        record(240, at_1=f"341{number:04}5", at_18=counts),
    ]


def cnab240(*batches: list[bytes], lines: int | None = None) -> bytes:
    body = [line for each in batches for line in each]
    lines = len(body) + 2 if lines is None else lines
    header = record(240, at_1="34100000", at_73="ACME")
    trailer = record(240, at_1="34199999", at_18=f"{len(batches):06}{lines:06}")
    return b"".join([header, *body, trailer])


def test_segments_of_cnab_240_become_rows_and_control_records(tmp_path: Path) -> None:
    """Of one segment; headers, trailers and the other segment are counted as control."""
    content = cnab240(batch(1, [1050, 200]), batch(2, [999_999_999_999_999]))
    conversion, rows = converted(layout("cnab240_p"), content, tmp_path)
    assert rows[0] == {
        "batch": 1, "sequence": 1, "document": "DOC1", "due": date(2026, 12, 31),
        "amount": Decimal("10.50"), "accepted": True,
    }  # fmt: skip
    assert [row["amount"] for row in rows[1:]] == [Decimal("2.00"), Decimal("9999999999999.99")]
    counts = conversion.counts
    assert (counts.lines, counts.rows, counts.rejected, counts.control) == (12, 3, 0, 9)
    kept = conversion.facts["tallies"][0]["records"]
    assert kept == {"0": 1, "1": 2, "3P": 3, "3Q": 3, "5": 2}


def test_another_data_set_reads_the_other_segment_of_the_same_files(tmp_path: Path) -> None:
    """Each with its own columns, from the same prefix."""
    charges = layout("cnab240_p")
    payers = layout(
        "cnab240_p",
        table="payers",
        layout={
            **yaml.safe_load((LAYOUTS / "cnab240_p.yaml").read_text())["layout"],
            "detail": {"type": "3Q"}, "ignore": ["3P"],
            "batch": {"header": {"type": "1"}, "trailer": {"type": "5"}},
        },
        columns=[
            {"name": "batch", "type": "int", "position": 4, "width": 4, "description": "Batch"},
            {"name": "payer", "type": "string", "position": 34, "width": 40, "description": "Who"},
        ],
        keys=[],
    )  # fmt: skip
    assert payers.source_wildcard == charges.source_wildcard
    _, rows = converted(payers, cnab240(batch(1, [1, 2])), tmp_path)
    assert rows == [{"batch": 1, "payer": "MARIA DA CONCEIÇÃO"}] * 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (cnab240(batch(1, [10]), batch(2, [10, 20], total=31)),
         "line 11: the batch's trailer says that amount adds up to 0.31, but it is 0.30"),
        (cnab240(batch(1, [10, 20])[:-3] + batch(1, [10, 20])[-1:]),
         "line 5: the batch's trailer counts 6 lines, but there are 4"),
        (cnab240(batch(1, [10])[:-1]), "the batch of line 2 has no trailer"),
        (cnab240(batch(1, [10])[1:]), "the trailer of line 4 closes no batch"),
        (cnab240(batch(1, [10]), charge(1, 1, 1)), "1 details are in no batch"),
        (cnab240(batch(1, [10]), lines=9), "the trailer counts 9 lines, but there are 6"),
        (cnab240(batch(1, [10])) + batch(2, [10])[1],
         "1 records stand after the trailer of line 6"),
        (cnab240(batch(1, [10])).replace(b"000001000006", b" 1ABCD000006"),
         "the trailer says ' 1ABCD' at byte 18, which is no number"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_trailers_say_is_refused(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    """A batch's or the file's own; the line is named."""
    found = refused(layout("cnab240_p"), content, tmp_path)
    assert found == reason


def test_a_record_that_cannot_be_read_may_be_any_that_a_trailer_counts(tmp_path: Path) -> None:
    """It is rejected, as `max_bad_ratio` allows; what it would have added is not known."""
    lines = batch(1, [10, 20, 30])
    lines[3] = lines[3][:100] + b"\r\n"  # the second segment P is cut
    dataset = layout("cnab240_p", max_bad_ratio=0.4)
    conversion, rows = converted(dataset, cnab240(lines), tmp_path)
    assert [row["amount"] for row in rows] == [Decimal("0.10"), Decimal("0.30")]
    assert conversion.counts.reasons == {"record_length": 1}


def test_an_unknown_segment_is_rejected(tmp_path: Path) -> None:
    """What the layout neither reads nor ignores."""
    lines = batch(1, [10, 20])
    lines[2] = lines[2].replace(b"Q", b"Z", 1)
    conversion, _ = converted(layout("cnab240_p", max_bad_ratio=0.5), cnab240(lines), tmp_path)
    assert conversion.counts.reasons == {"record_type": 1}


def test_zeros_that_stand_for_no_date_are_null(tmp_path: Path) -> None:
    """As `missing` says; anything else that is no date is a reject."""
    body = [*batch(1, [0])[:1], *charge(1, 1, 5, due="00000000"), batch(1, [5])[-1]]
    _, rows = converted(layout("cnab240_p"), cnab240(body), tmp_path)
    assert rows[0]["due"] is None
    body[1:3] = charge(1, 1, 5, due="30022026")
    assert "not_a_date 1" in refused(layout("cnab240_p"), cnab240(body), tmp_path)


@pytest.mark.parametrize("cuts", [[900], [242 * 3], [242 * 5 + 7, 242 * 5 + 8], [1, 2000, 2500]])
@pytest.mark.parametrize("total", [60, 61])
def test_batches_are_reconciled_over_ranges(cuts: list[int], total: int, tmp_path: Path) -> None:
    """A batch that begins in one range and ends in another is checked like every other."""
    dataset = layout("cnab240_p")
    content = cnab240(batch(1, [5]), batch(2, [10, 20, 30], total=total), batch(3, [1]))
    edges = [0, *(cut for cut in cuts if cut < len(content)), len(content)]
    conversions = []
    for number, (start, end) in enumerate(pairwise(edges)):
        source = SourceFile(key="a", version_id="1", start=start, end=end)
        with BatchConverter(dataset, tmp_path / str(number), run_id="run") as converter:
            stream = io.BytesIO(content[source.first_byte_read :])
            conversions.append(converter.add(stream, source))
    if total == 60:
        assert reconcile(dataset, conversions).counts.rows == 5
    else:
        with pytest.raises(FileRefused) as refusal:
            reconcile(dataset, conversions)
        assert refusal.value.reason == refused(dataset, content, tmp_path / "whole")
        assert refusal.value.reason.startswith("line 13: the batch's trailer says that amount")


def test_cnab_400_is_read(tmp_path: Path) -> None:
    """Two digits of a year are of the century that the pivot says."""
    lines = [
        record(400, at_1="0", at_395="000001"),
        *(
            record(400, at_1="1", at_63="12345678", at_121=due, at_127=f"{100 * number:013}",
                   at_235="JOSÉ", at_395=f"{number:06}")
            for number, due in ((2, "010170"), (3, "311269"))
        ),
        record(400, at_1="9", at_395="000004"),
    ]  # fmt: skip
    _, rows = converted(layout("cnab400"), b"".join(lines), tmp_path)
    assert [(row["due"], row["amount"], row["payer"]) for row in rows] == [
        (date(1970, 1, 1), Decimal("2.00"), "JOSÉ"),
        (date(2069, 12, 31), Decimal("3.00"), "JOSÉ"),
    ]


def month(element: str, values: list[int], flags: str = "  S") -> bytes:
    """A line of a station's month, its other days missing."""
    groups = [f"{value:5}{flags if value != -9999 else '   '}" for value in values]
    groups += ["-9999   "] * (31 - len(values))
    return f"USW00094728202402{element}{''.join(groups)}".encode() + b"\n"


def test_days_of_a_month_become_rows(tmp_path: Path) -> None:
    """With the day as a column; the days that are missing become none."""
    content = month("TMAX", [12, -9999, -15]) + month("PRCP", [0])
    conversion, rows = converted(layout("dly"), content, tmp_path)
    assert [(row["element"], row["day"], row["value"]) for row in rows] == [
        ("PRCP", 1, 0), ("TMAX", 1, 12), ("TMAX", 3, -15)
    ]  # fmt: skip
    assert rows[1] == {
        "station": "USW00094728", "year": 2024, "month": 2, "element": "TMAX", "day": 1,
        "value": 12, "mflag": None, "qflag": None, "sflag": "S",
    }  # fmt: skip
    counts = conversion.counts
    assert (counts.lines, counts.rows, counts.expanded) == (2, 3, 1)


def test_a_record_is_rejected_with_all_of_its_groups(tmp_path: Path) -> None:
    """One bad day makes a bad line; a line of missing days is no row, and no reject."""
    content = month("TMAX", [1, 2]) + month("TMAX", [3, 4]).replace(b"    4", b"    x")
    content += month("TMIN", [])
    dataset = layout("dly", max_bad_ratio=0.5)
    conversion, rows = converted(dataset, content, tmp_path)
    assert [row["value"] for row in rows] == [1, 2]
    counts = conversion.counts
    assert (counts.lines, counts.rows, counts.rejected, counts.expanded) == (3, 2, 1, 0)
    (reject,) = pq.read_table(tmp_path / conversion.rejects[0].path).to_pylist()
    assert (reject["line_number"], reject["reason"], reject["column_name"]) == (
        2, "not_a_number", "value"
    )  # fmt: skip


def test_missing_groups_are_rows_where_they_are_kept(tmp_path: Path) -> None:
    """31 rows a record, then, over as many batches as it takes."""
    groups = yaml.safe_load((LAYOUTS / "dly.yaml").read_text())["groups"]
    dataset = layout("dly", groups=groups | {"keep_missing": True})
    with pytest.MonkeyPatch.context() as patch:
        for module in ("columns", "text", "fixed_width", "partitions"):
            patch.setattr(f"lake.convert.{module}.BATCH_ROWS", 70)
        conversion, rows = converted(dataset, month("TMAX", [7]) * 5, tmp_path)
    assert [row["day"] for row in rows] == list(range(1, 32)) * 5
    assert (conversion.counts.rows, conversion.counts.expanded) == (155, 150)


def test_groups_become_columns(tmp_path: Path) -> None:
    """Numbered, each with the group's columns."""
    groups = yaml.safe_load((LAYOUTS / "dly.yaml").read_text())["groups"]
    del groups["ordinal"]
    dataset = layout(
        "dly", groups=groups | {"to": "columns"}, keys=["station", "year", "month", "element"]
    )
    assert [column.name for column in dataset.columns[4:9]] == [
        "value_01", "mflag_01", "qflag_01", "sflag_01", "value_02"
    ]  # fmt: skip
    assert dataset.columns[-1].end == 269
    _, rows = converted(dataset, month("TMAX", [7, -8]), tmp_path)
    assert (rows[0]["value_01"], rows[0]["value_02"], rows[0]["value_31"]) == (7, -8, None)


def test_a_mainframes_file_without_line_ends_is_read(tmp_path: Path) -> None:
    """Overpunched signs of both conventions, days of the year, seconds of the day."""
    records = [
        b"000000000100001234{2024060235959    0.5 ",
        b"000000000200001234}2024366000000   -1e2 ",
        b"0000000003     123J1999001010203     .25",
        b"000000000400000012p2024001000001      7.",
        b"000000000500000012I2024001000001      +1",
    ]
    records = [each.ljust(40)[:40] for each in records]
    conversion, rows = converted(layout("overpunch"), b"".join(records), tmp_path)
    assert conversion.counts.lines == 5
    assert [(row["balance"], row["limit_used"]) for row in rows] == [
        (Decimal("123.40"), 0.5), (Decimal("-123.40"), -100.0), (Decimal("-12.31"), 0.25),
        (Decimal("-1.20"), 7.0), (Decimal("1.29"), 1.0),
    ]  # fmt: skip
    assert [row["opened"] for row in rows[:3]] == [
        date(2024, 2, 29), date(2024, 12, 31), date(1999, 1, 1)
    ]  # fmt: skip
    assert [row["changed_at"] for row in rows[:3]] == [86_399, 0, 3723]
    assert "not_a_time 1" in refused(
        layout("overpunch"), records[0].replace(b"235959", b"236059"), tmp_path
    )
