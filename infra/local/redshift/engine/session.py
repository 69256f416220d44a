"""A connection to a database: its transaction, its temporary tables, its settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.athena.clients import Credentials
from infra.local.athena.errors import QueryError
from infra.local.redshift.engine import catalog
from infra.local.redshift.engine.catalog import Catalog
from infra.local.redshift.engine.connection import Connection
from infra.local.redshift.engine.dispatch import run_statement
from infra.local.redshift.engine.errors import IN_FAILED_TRANSACTION, RedshiftError
from infra.local.redshift.engine.failures import of_analysis
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.loads import LoadLog
from infra.local.redshift.engine.locks import Locks, violation
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Relation
from infra.local.redshift.engine.work import Work

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type CopyCredentials = Callable[[str | None], Credentials]
"""The credentials of an IAM role by its ARN, or of the default role for None; it may raise
RedshiftError when the role cannot be assumed."""

_BEGIN = ("BEGIN", "START")
_COMMIT = ("COMMIT", "END")
_ROLLBACK = ("ROLLBACK", "ABORT")


class _Stale(Exception):
    """A transaction that did nothing yet began before another's change: it can begin again."""


class Session:
    """One connection; a statement at a time, from any thread. `Database.connect` makes it."""

    def __init__(
        self,
        *,
        user: str,
        database: str,
        connection: Connection,
        locks: Locks,
        loads: LoadLog,
        s3: Callable[[str | None], S3Client],
        scratch: Path,
    ) -> None:
        self.user = user
        self._database = database
        self._connection = connection
        self._locks = locks
        self._loads = loads
        self._s3 = s3
        self._scratch = scratch
        catalog.prepare_session(connection)
        self._catalog = Catalog(connection)
        self._running = threading.Lock()
        self._closed = False
        # The transaction.
        self._open = False
        self._failed = False
        self._began = 0
        self._statements = 0
        self._reads: set[int] = set()

    def run(self, sql: str, parameters: Mapping[str, str | None] | None = None) -> Outcome:
        """Run one statement; outside of BEGIN and COMMIT it is a transaction of its own.

        Args:
            sql: the statement, with or without a semicolon at its end.
            parameters: the values of `:name` in it, each a text that takes the type of its place.

        Raises:
            RedshiftError: it is wrong, refused or failed; an open transaction is then aborted.
            QueryCancelled: another thread called `cancel`.
        """
        with self._running:
            self._connection.start()
            try:
                return self._run(sql, parameters or {})
            finally:
                self._connection.finish()

    def run_batch(self, sqls: Sequence[str]) -> list[Outcome]:
        """Run the statements in one transaction: all of them, or none.

        Raises:
            RedshiftError: a statement failed; `failed_index` of the error says which.
        """
        with self._running:
            self._connection.start()
            outcomes: list[Outcome] = []
            try:
                for sql in sqls:
                    if not self._open:  # at first, and behind a TRUNCATE, which commits
                        self._begin()
                    outcomes.append(self._run(sql, {}))
                self._commit()
            except RedshiftError as error:
                error.failed_index = len(outcomes)
                self._rollback()
                self._failed = False
                raise
            finally:
                self._connection.finish()
            return outcomes

    def cancel(self) -> None:
        """Stop the statement that runs, from another thread; nothing where none runs."""
        self._connection.cancel()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Roll back what is open and drop the temporary tables."""
        self.cancel()
        with self._running:
            if not self._closed:
                self._closed = True
                self._locks.release(self, committed=False)
                self._connection.close()

    # One statement

    def _run(self, sql: str, parameters: Mapping[str, str | None]) -> Outcome:
        cursor = Cursor(sql)
        if cursor.word in (*_BEGIN, *_COMMIT, *_ROLLBACK):
            return self._control(cursor)
        if self._failed:
            message = "current transaction is aborted, commands ignored until end of transaction"
            raise RedshiftError(f"{message} block", IN_FAILED_TRANSACTION)
        alone = not self._open
        if cursor.word == "VACUUM" and not alone:
            message = "VACUUM cannot run inside a transaction block"
            raise self._abort(RedshiftError(message, "25001"), alone=False)
        if alone:
            self._begin()
        try:
            outcome = self._attempt(sql, parameters)
            if alone and self._open:
                self._commit()
        except RedshiftError as error:
            raise self._abort(error, alone=alone) from error
        except BaseException:
            self._rollback()
            raise
        return outcome

    def _attempt(self, sql: str, parameters: Mapping[str, str | None]) -> Outcome:
        """Run it, again where it waited for a change that it has to see."""
        while True:
            work = Work(
                sql=sql,
                parameters=parameters,
                user=self.user,
                database=self._database,
                connection=self._connection,
                catalog=self._catalog,
                scratch=self._scratch,
                lock=self._lock,
                s3=self._s3,
                loads=self._loads,
                reads=self._reads,
            )
            try:
                outcome = run_statement(work)
            except _Stale:
                self._connection.execute("ROLLBACK")
                self._start()
                continue
            except QueryError as error:
                raise of_analysis(error) from error
            self._statements += 1
            if work.commits:
                self._commit()
            return outcome

    def _lock(self, relation: Relation, rows_matter: bool) -> None:
        """Before a change: wait for other changes of the table, and see what they left."""
        if relation.is_temporary:
            return
        self._locks.acquire(relation.oid, self, self._connection.check)
        if not self._locks.changed_since(relation.oid, self._began):
            return
        if not self._statements:
            raise _Stale
        if rows_matter or relation.oid in self._reads:
            raise violation(relation.oid)

    # Transactions

    def _control(self, cursor: Cursor) -> Outcome:
        word = cursor.word
        if word in _BEGIN:
            if not self._open and not self._failed:
                self._begin()
            return Outcome(tag="BEGIN")
        failed = self._failed
        if word in _COMMIT and not failed:
            if self._open:
                self._commit()
            return Outcome(tag="COMMIT")
        self._rollback()
        self._failed = False
        return Outcome(tag="ROLLBACK")

    def _start(self) -> None:
        self._began = self._locks.clock
        self._statements = 0
        self._reads.clear()
        self._connection.execute("BEGIN TRANSACTION")

    def _begin(self) -> None:
        self._start()
        self._open = True

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except RedshiftError:
            self._rollback()
            raise
        self._open = False
        self._locks.release(self, committed=True)

    def _rollback(self) -> None:
        if self._open:
            self._open = False
            self._connection.rollback()
        self._locks.release(self, committed=False)

    def _abort(self, error: RedshiftError, *, alone: bool) -> RedshiftError:
        """Roll back; inside of BEGIN and COMMIT nothing more runs until the end of the block."""
        self._rollback()
        self._failed = not alone
        return error
