"""The journal of query executions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.athena.journal import (
    KEPT_SECONDS,
    Journal,
    Outcome,
    Record,
    ResultColumn,
    TokenReused,
)


def _record(execution_id: str, *, state: str = "QUEUED", at: float = 1000.0) -> Record:
    document: dict[str, Any] = {
        "QueryExecutionId": execution_id,
        "WorkGroup": "primary",
        "Status": {"State": state, "SubmissionDateTime": at},
    }
    return Record(document)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.add(_record("a"), token=None, fingerprint="f")
    outcome = Outcome((ResultColumn("x", "decimal", 18, 2),), header=True, update_count=3)
    done = Record(_record("a", state="SUCCEEDED").document, outcome)
    journal.save(done)
    journal.close()
    assert Journal(tmp_path / "j").get("a") == done


def test_a_token_that_comes_again_is_told_apart_by_its_request(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.add(_record("a"), token="t", fingerprint="f")
    for fingerprint, same in (("f", True), ("other", False)):
        with pytest.raises(TokenReused) as raised:
            journal.add(_record("b"), token="t", fingerprint=fingerprint)
        assert (raised.value.execution_id, raised.value.same_request) == ("a", same)
    assert journal.get("b") is None


def test_the_unfinished_are_found_and_the_old_are_dropped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.add(_record("old", at=0.0), token="t", fingerprint="f")
    journal.add(_record("done", state="SUCCEEDED"), token=None, fingerprint="f")
    journal.add(_record("new", at=KEPT_SECONDS + 1.0), token="t", fingerprint="g")
    assert journal.get("old") is None
    assert [record.id for record in journal.unfinished()] == ["new"]
    assert [each for _, each in journal.ids("primary", before=None, limit=9)] == ["new", "done"]


def test_what_was_added_is_there_after_a_kill(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from infra.local.athena.journal import Journal, Record
document = {{"QueryExecutionId": "a", "WorkGroup": "g",
             "Status": {{"State": "QUEUED", "SubmissionDateTime": 1.0}}}}
Journal(Path({str(tmp_path / "j")!r})).add(Record(document), token=None, fingerprint="f")
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -9
    assert [record.id for record in Journal(tmp_path / "j").unfinished()] == ["a"]
