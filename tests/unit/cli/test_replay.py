"""Quarantined records out to a file and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lake.pipeline.quarantined import record_id

from infra.cli import replay
from infra.cli.landing import find_data_set
from infra.cli.query import Answer
from infra.cli.runs import Runs
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

from .test_lake import ENVIRONMENT

ROW = ("market/quotes/a.TXT", "v1", None, 7, 1470, "not_a_date", "data", "2021AÇ")
WHERE: Any = {"environment": ENVIRONMENT, "settings": LocalSettings()}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that Athena was asked, each answered with one record."""
    statements: list[str] = []

    def query(sql: str, **_: Any) -> Answer:
        statements.append(sql)
        return Answer(columns=replay.COLUMNS, rows=[ROW], scanned_bytes=0, milliseconds=0)

    monkeypatch.setattr(replay, "query", query)
    return statements


def test_an_export_has_a_line_a_record_with_its_id_and_text(
    tmp_path: Path, asked: list[str]
) -> None:
    path, quotes = tmp_path / "out.jsonl", find_data_set("market/quotes")

    count = replay.export(path, data_set=quotes, source_key="", **WHERE)

    (line,) = path.read_text().splitlines()
    assert count == 1
    assert json.loads(line) == {
        "id": record_id(dict(zip(replay.COLUMNS, ROW, strict=True))),
        "source_key": "market/quotes/a.TXT",
        "member": None,
        "line_number": 7,
        "reason": "not_a_date",
        "column_name": "data",
        "raw": "2021AÇ",
    }
    assert "market_quotes_quarantine ORDER BY" in asked[0]


def test_an_export_may_be_of_one_file_whatever_it_is_called(
    tmp_path: Path, asked: list[str]
) -> None:
    quotes = find_data_set("market/quotes")

    replay.export(tmp_path / "out", data_set=quotes, source_key="it's.TXT", **WHERE)

    assert "WHERE source_key = 'it''s.TXT'" in asked[0]


def test_what_was_exported_and_edited_is_read_back(tmp_path: Path, asked: list[str]) -> None:  # noqa: ARG001  # answers
    path = tmp_path / "out.jsonl"
    replay.export(path, data_set=find_data_set("market/quotes"), source_key="", **WHERE)
    path.write_text(path.read_text().replace("2021AÇ", "20210104") + "\n")

    assert list(replay.read_mended(path).values()) == ["20210104"]


@pytest.mark.parametrize("line", ["no json", '{"id": "x", "raw": ""}', '{"raw": ""}', "[]"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mended.jsonl"
    path.write_text('{"id": "0123456789abcdef01234567", "raw": "x"}\n' + line)

    with pytest.raises(Failed, match=r"mended\.jsonl, line 2: expected a line as --export"):
        replay.read_mended(path)


def test_an_order_is_put_where_the_run_that_is_triggered_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put: list[dict[str, Any]] = []
    triggered: list[Any] = []
    bucket = type("S3", (), {"put_object": lambda _self, **arguments: put.append(arguments)})
    monkeypatch.setattr(replay, "client", lambda *_: bucket())

    def trigger(_self: Runs, conf: Any) -> str:
        triggered.append(conf)
        return "run-1"

    monkeypatch.setattr(Runs, "trigger", trigger)

    _, run_id = replay.replay(
        data_set=find_data_set("market/quotes"),
        source_key="",
        mended={"0123456789abcdef01234567": "x"},
        **WHERE,
    )

    assert run_id == "run-1"
    assert triggered == [{"replay_key": put[0]["Key"]}]
    assert put[0]["Key"].startswith("_replays/market/quotes/")
    assert json.loads(put[0]["Body"])["mended"] == {"0123456789abcdef01234567": "x"}
