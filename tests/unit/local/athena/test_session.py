"""The sandbox of a query."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import duckdb
import pytest

from infra.local.athena.errors import QueryCancelled
from infra.local.athena.session import Session, quote_name, quote_text


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/x')",
        "COPY (SELECT 1) TO '{outside}'",
        "ATTACH '{outside}.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '100GB'",
        "RESET lock_configuration",
        "SELECT * FROM read_csv('{inside}/../outside.csv')",
    ],
)
def test_nothing_outside_of_the_folder_can_be_reached_or_allowed(tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n")
    with Session(tmp_path / "sessions") as session, pytest.raises(duckdb.Error):
        session.rows(sql.format(outside=outside, inside=session.directory))


def test_the_folder_itself_can_be_written_and_read_and_is_gone_afterwards(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        path = session.directory / "x.csv"
        session.rows(f"COPY (SELECT 42) TO {quote_text(str(path))} (HEADER false)")
        assert session.rows(f"SELECT * FROM read_csv({quote_text(str(path))}, header = false)") == [
            (42,)
        ]
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_session_stops_what_runs_and_starts_nothing(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        session.rows("SELECT 1")
        threading.Timer(0.2, session.cancel).start()
        begun = time.monotonic()
        with pytest.raises(QueryCancelled):
            session.rows("SELECT count(*) FROM range(1000000000) a, range(1000000) b")
        assert time.monotonic() - begun < 10
        with pytest.raises(QueryCancelled):
            session.rows("SELECT 1")


@pytest.mark.parametrize("text", ["", "it's", 'a"b', "a\\b", "a\nb", "é", "\x00", "a\x00'b"])
def test_any_text_is_quoted(session: Session, text: str) -> None:
    assert session.rows(f"SELECT {quote_text(text)}") == [(text,)]
    if "\x00" not in text and text:
        assert session.columns(f"SELECT 1 AS {quote_name(text)}")[0][0] == text
