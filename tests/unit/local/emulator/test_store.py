from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from infra.local.emulator import store as module
from infra.local.emulator.store import StateInUse, StateStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.sqlite"


def test_states_are_there_for_the_next_process(path: Path) -> None:
    store = StateStore(path)
    store.save({"s3": "1", "iam": "2"})
    store.save({"s3": "3"})
    store.close()
    again = StateStore(path)
    assert (again.load("s3"), again.load("iam"), again.load("glue")) == ("3", "2", None)


def test_states_are_saved_together_or_not_at_all(path: Path) -> None:
    store = StateStore(path)
    store.save({"s3": "old", "iam": "old"})
    broken: dict[str, str] = {"s3": "new", "iam": None}  # type: ignore[dict-item] # refused by the file
    with pytest.raises(sqlite3.IntegrityError):
        store.save(broken)
    assert store.load("s3") == "old"


def test_sessions_end_when_they_expire(path: Path) -> None:
    store = StateStore(path)
    store.add_session(access_key_id="ENDED", expires_at=time.time() - 1, session="{}")
    store.add_session(access_key_id="VALID", expires_at=time.time() + 60, session='{"a": 1}')
    assert store.sessions() == {"VALID": '{"a": 1}'}


def test_only_the_owner_reads_the_file(path: Path) -> None:
    store = StateStore(path)
    store.save({"iam": "secrets"})
    assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


def test_a_second_process_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.1)
    first = StateStore(path)
    with pytest.raises(StateInUse, match=str(path)):
        StateStore(path)
    first.close()
    StateStore(path).close()
