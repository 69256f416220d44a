"""Athena and single files: what it reads beside, leaves behind, and does not take."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from lake.convert import FileRefused
from lake.dataset import FixedWidthDataSet
from lake.engines.athena import AthenaEngine
from lake.engines.documents import NotForThisEngine, ObjectChanged

from .compared import CURATED, DATABASE, Lake, by_worker

TYPED: dict[str, Any] = {
    "record_type": {"position": 1, "width": 1},
    "header": {"type": "0"},
    "detail": {"type": "1"},
    "trailer": {"type": "9", "count": {"position": 2, "width": 4, "of": "lines"}},
}
WHOLE = b"0HEAD\n1abcd\n1efgh\n90004 \n".replace(b" ", b"")


def data_set(*, encoding: str = "utf-8", **layout: Any) -> FixedWidthDataSet:
    """Lines of a type and a text of four bytes."""
    return FixedWidthDataSet.model_validate(
        {
            "domain": "tests",
            "table": "texts",
            "description": "Texts",
            "owner": "tests",
            "schedule": None,
            "layout": {
                "format": "fixed_width",
                "encoding": encoding,
                "record_length": 5,
                **layout,
            },
            "columns": [
                {
                    "name": "order",  # a word of SQL
                    "type": "string",
                    "position": 2,
                    "width": 4,
                    "description": "Text",
                }
            ],
            "max_bad_ratio": 1.0,
        }
    )


def temporary_tables(lake: Lake) -> list[str]:
    tables = lake.warehouse.glue.get_tables(DatabaseName=DATABASE)["TableList"]
    return [table["Name"] for table in tables if table["Name"].startswith("temporary_")]


def staged_keys(lake: Lake) -> set[str]:
    listed = [
        lake.warehouse.s3.list_objects_v2(Bucket=CURATED, Prefix=f"staged/{kind}/")
        for kind in ("rows", "rejects")
    ]
    return {item["Key"] for page in listed for item in page.get("Contents", [])}


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("utf-8", [b"\xc3\xa9  ", b"ab\xff\xc3", b"\xe2\x82\xac ", b"\xc3(\xa0\xa1", b"a\x7fbc"]),
        ("cp1252", [b"\x80\xe9  ", b"ab\x81c", b"a\x85\xa0 "]),
        ("latin-1", [b"\xc3\x92\xe9\xff", b"ab\x85c", b"\xa0   "]),
    ],
)
def test_bytes_are_text_in_the_files_encoding_or_kept_as_they_are(
    lake: Lake, encoding: str, texts: Sequence[bytes]
) -> None:
    content = b"".join(b"1" + text + b"\r\n" for text in [*texts, b"good"])
    file = lake.land(content, "tests/texts/a.txt")
    texts_of = data_set(encoding=encoding)
    worker = by_worker(texts_of, content, key=file.key, version_id=file.version_id)
    assert lake.by_athena(texts_of, file) == worker.without_places()


def test_other_files_of_the_folder_are_not_read(lake: Lake) -> None:
    lake.land(b"1zzzz\n", "tests/beside/b.txt")
    file = lake.land(b"1abcd\n", "tests/beside/a 'quoted' [1].txt")
    assert [row["order"] for row in lake.by_athena(data_set(), file).rows] == ["abcd"]


def test_more_than_a_hundred_partitions_are_written_in_turns(lake: Lake) -> None:
    partitioned = data_set().model_copy(update={"partitions": ("order",), "columns": (
        *data_set().columns,
        data_set().columns[0].model_copy(update={"name": "again", "position": 1, "width": 1}),
    )})  # fmt: skip
    content = b"".join(b"1%04d\n" % (number % 103) for number in range(206))
    file = lake.land(content, "tests/texts/partitions.txt")
    worker = by_worker(partitioned, content, key=file.key, version_id=file.version_id)
    assert lake.by_athena(partitioned, file) == worker.without_places()


def test_what_an_earlier_attempt_left_is_replaced(lake: Lake) -> None:
    lake.warehouse.s3.put_object(Bucket=CURATED, Key="staged/rows/left", Body=b"garbage")
    file = lake.land(b"1abcd\n1\n", "tests/texts/a.txt")
    first = lake.by_athena(data_set(), file)
    keys = staged_keys(lake)
    assert lake.by_athena(data_set(), file) == first
    assert len(staged_keys(lake)) == len(keys) == 2
    assert not staged_keys(lake) & {*keys, "staged/rows/left"}


def test_the_temporary_table_is_dropped_also_after_a_failure(lake: Lake) -> None:
    class Failing:
        def query(self, sql: str) -> list[dict[str, str | None]]:
            if sql.startswith("UNLOAD"):
                assert temporary_tables(lake)
                raise RuntimeError("Athena is out")
            return lake.athena.query(sql)

    file = lake.land(b"1abcd\n", "tests/texts/a.txt")
    engine = AthenaEngine(athena=Failing(), warehouse=lake.warehouse)
    with pytest.raises(RuntimeError, match="Athena is out"):
        engine.convert(data_set(), file, rows="staged/r/", rejects="staged/q/", run_id="run-1")
    assert not temporary_tables(lake)


def test_a_file_that_is_replaced_meanwhile_is_not_converted(lake: Lake) -> None:
    file = lake.land(b"1abcd\n", "tests/texts/a.txt")
    lake.land(b"1efgh\n", "tests/texts/a.txt")
    with pytest.raises(ObjectChanged, match=r"tests/texts/a\.txt"):
        lake.by_athena(data_set(), file)


def test_control_records_are_told_by_the_ends_of_the_file(lake: Lake) -> None:
    content = WHOLE + b"\x1a"
    file = lake.land(content, "tests/texts/typed.txt")
    worker = by_worker(data_set(**TYPED), content, key=file.key, version_id=file.version_id)
    athena = lake.by_athena(data_set(**TYPED), file)
    assert athena == worker.without_places()
    assert athena.counts
    assert athena.counts.control == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"1abcd\n" + WHOLE, "no readable header: line 1 has 5 bytes and starts with b'1abcd'"),
        (b"", "the file is empty"),
        (WHOLE[:-6], "no trailer of type '9': the file was cut off"),
        (WHOLE.replace(b"90004", b"90005"), "the trailer counts 5 lines, but there are 4"),
    ],
)
def test_a_file_is_refused_with_the_words_of_a_worker(
    lake: Lake, content: bytes, reason: str
) -> None:
    file = lake.land(content, "tests/texts/refused.txt")
    try:
        found = lake.by_athena(data_set(**TYPED), file).refused or ""
    except FileRefused as refused:
        found = refused.reason
    worker = by_worker(data_set(**TYPED), content, key=file.key, version_id=file.version_id)
    assert found.startswith(reason)
    assert found == worker.refused


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.gz", gzip.compress(WHOLE, mtime=0), "compressed (gzip)"),
        ("a.txt", b"\xef\xbb\xbf" + WHOLE, "byte order mark"),
        ("_a.txt", WHOLE, "pass over names that begin with _"),
        ("a.txt", WHOLE.replace(b"h\n", b"h\r\n"), "do not all end with LF"),
        ("a.txt", WHOLE.replace(b"a", b"\x01"), "the byte 0x01"),
        ("a.txt", b"0HEAD\n" + WHOLE, "2 records are like its header"),
        ("a.txt", WHOLE + b"1abcd\n", "1 records are like its trailer"),
        ("a.txt", b"\x1a\n1abcd\n\x1a", "2 records are like its end_mark"),
    ],
)
def test_what_athena_cannot_tell_is_left_to_a_worker(
    lake: Lake, name: str, content: bytes, reason: str
) -> None:
    file = lake.land(content, f"tests/left/{name}")
    layout: dict[str, Any] = {} if content.startswith(b"\x1a") else TYPED
    with pytest.raises(NotForThisEngine, match=re.escape(reason)):
        lake.by_athena(data_set(**layout), file)
    assert not temporary_tables(lake)


def test_a_carriage_return_ends_a_line_for_athena(lake: Lake) -> None:
    """As docs/engines.md says; nothing is lost."""
    file = lake.land(b"1abcd\n1a\rcd\n", "tests/texts/a.txt")
    rejects = lake.by_athena(data_set(), file).rejects
    assert [(row["reason"], row["raw"]) for row in rejects] == [
        ("record_length", "1a"),
        ("record_length", "cd"),
    ]


def test_an_engine_that_ignores_the_encoding_of_the_lines_is_found_out(lake: Lake) -> None:
    class Ignoring:
        def query(self, sql: str) -> Sequence[dict[str, str | None]]:
            answer = lake.athena.query(sql.replace("ISO-8859-1", "UTF-8"))
            return [{**row, "decoded": "false"} if "decoded" in row else row for row in answer]

    file = lake.land("1abcé\n".encode("latin-1"), "tests/texts/a.txt")
    engine = replace(AthenaEngine(athena=lake.athena, warehouse=lake.warehouse), athena=Ignoring())
    with pytest.raises(NotForThisEngine, match="did not apply the encoding"):
        engine.convert(
            data_set(encoding="latin-1"), file, rows="staged/r/", rejects="staged/q/", run_id="r"
        )
