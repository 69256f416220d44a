"""The change log: the one order of everything that ever happened to a data set's tables.

A change is committed by writing its document under the next free number, which S3 lets one writer
do; it is applied after that, by whoever comes first, as often as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from lake.pipeline.documents import Commit, Document
from lake.pipeline.places import Places
from lake.pipeline.store import Store


class LogHead(Document):
    """How far a log is applied. It may lag behind: applying again changes nothing."""

    applied: int


class ChangeLog:
    """The change log of one data set."""

    def __init__(self, *, store: Store, places: Places) -> None:
        self._store = store
        self._places = places

    def applied(self) -> int:
        """The number up to which all changes are applied; 0 before the first."""
        head = self._store.read(self._places.log_head, LogHead)
        return head.applied if head else 0

    def read(self, number: int) -> Commit | None:
        """The change of this number, or None where it is free."""
        return self._store.read(self._places.commit(number), Commit)

    def of_run(self, run_id: str, *, after: int) -> Iterator[Commit]:
        """The applied changes of a run, which began when `after` was the last."""
        for number in range(after + 1, self.applied() + 1):
            commit = self.read(number)
            if commit and commit.run.run_id == run_id:
                yield commit

    def commit(self, commit: Commit) -> bool:
        """Write a change under its number; False where another writer's has it."""
        key = self._places.commit(commit.number)
        if self._store.replace(key, commit, etag=None):
            return True
        there = self._store.require(key, Commit)
        return there.commit_id == commit.commit_id

    def advance(self, number: int) -> None:
        """Note that all changes up to `number` are applied."""
        while True:
            head, etag = self._store.read_tagged(self._places.log_head, LogHead)
            if head and head.applied >= number:
                return
            if self._store.replace(self._places.log_head, LogHead(applied=number), etag=etag):
                return
