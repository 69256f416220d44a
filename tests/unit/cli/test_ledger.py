"""The last runs of each data set, as `lake status` shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from infra.cli import ledger
from infra.cli.environment import DeployedEnvironment
from infra.cli.query import Answer
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings

from .test_lake import ENVIRONMENT

ROW = ("market/quotes", "run-1", "load", datetime(2026, 1, 2, 3, 4, 5), 1, 2, 7518, 3, 56.1)


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeployedEnvironment, "read", lambda *_: ENVIRONMENT)


def test_runs_are_read_by_the_names_of_their_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(columns=(), rows=[ROW], scanned_bytes=0, milliseconds=0)
    monkeypatch.setattr(ledger, "query", lambda *_, **__: answer)

    (run,) = ledger.recent_runs("dev", LocalSettings())

    assert (run.data_set, run.rows, run.quarantined, run.seconds) == (
        "market/quotes",
        7518,
        3,
        56.1,
    )


def test_before_the_first_run_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def query(*_: Any, **__: Any) -> Answer:
        raise Failed("Athena: TABLE_NOT_FOUND: lake_runs")

    monkeypatch.setattr(ledger, "query", query)

    assert ledger.recent_runs("dev", LocalSettings()) == []


def test_a_run_is_a_line_of_the_table() -> None:
    with console.capture() as captured:
        console.print(ledger.runs_table([ledger.LedgerRun.of(ROW)]))

    assert "7,518" in captured.get()
