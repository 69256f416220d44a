"""One statement, or one batch of them, from SUBMITTED to its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.local.redshift.data.journal import Journal, Record
from infra.local.redshift.data.results import Results
from infra.local.redshift.engine import Outcome, QueryCancelled, RedshiftError, Session

log = logging.getLogger(__name__)

_CANCEL_SECONDS = 0.05
_NOT_COUNTED = -1


class Execution:
    """A statement that waits or runs; its record in the journal is what clients see.

    `connect` opens the session to run in, `release` takes it back.
    """

    def __init__(
        self,
        *,
        record: Record,
        sqls: Sequence[str],
        parameters: Mapping[str, str | None],
        one_transaction: bool,
        timeout_seconds: float | None,
        journal: Journal,
        results: Results,
        connect: Callable[[], Session],
        release: Callable[[Session | None], None],
    ) -> None:
        self._record = record
        self._sqls = sqls
        self._parameters = parameters
        self._one_transaction = one_transaction
        self._timeout_seconds = timeout_seconds
        self._journal = journal
        self._results = results
        self._connect = connect
        self._release = release
        self._session: Session | None = None
        self._cancelled = threading.Event()
        self._timed_out = False
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._started = 0

    @property
    def id(self) -> str:
        """The statement's id."""
        return self._record.id

    def cancel(self) -> None:
        """Stop it: at once when it waits, soon when it runs."""
        self._cancelled.set()
        with self._lock:
            if self._record.status == "SUBMITTED":
                self._end("ABORTED", "The statement was cancelled before it ran.")
                self._over.set()
                return
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Again and again: one interruption may fall between two statements."""
        while not self._over.wait(_CANCEL_SECONDS):
            if self._session is not None:
                self._session.cancel()

    def run(self) -> None:
        """Run it to its end, whatever that is; nothing is raised."""
        with self._lock:
            if self._record.status != "SUBMITTED":
                self._release(None)
                return
            self._set("PICKED")
        self._started = time.monotonic_ns()
        timer = threading.Timer(self._timeout_seconds or 0, self._time_out)
        if self._timeout_seconds is not None:
            timer.daemon = True
            timer.start()
        try:
            self._session = self._connect()
            self._set("STARTED")
            self._run_all(self._session)
        except QueryCancelled as error:
            self._end("ABORTED", self._timeout_text() if self._timed_out else str(error))
        except RedshiftError as error:
            self._end("FAILED", str(error))
        except Exception as error:
            log.exception("statement %s failed inside of the engine", self.id)
            self._end("FAILED", f"ERROR: internal error: {type(error).__name__}: {error}")
        else:
            self._end("FINISHED")
        finally:
            timer.cancel()
            self._over.set()
            self._release(self._session)

    def _time_out(self) -> None:
        self._timed_out = True
        self.cancel()

    def _timeout_text(self) -> str:
        limit = f"max_query_execution_time of {self._timeout_seconds:g} s"
        return f"ERROR: Query cancelled: it reached the workgroup's {limit}."

    def _run_all(self, session: Session) -> None:
        if not self._record.batch:
            self._run_one(session, self._sqls[0], self._record.document)
            return
        try:
            for number, (sql, document) in enumerate(
                zip(self._sqls, self._record.document["SubStatements"], strict=True), start=1
            ):
                if self._one_transaction:
                    session.run("BEGIN")  # which TRUNCATE ends; nothing inside of a transaction
                self._run_part(session, sql, document, number)
            if self._one_transaction:
                session.run("COMMIT")
        except RedshiftError:
            if self._one_transaction:
                session.run("ROLLBACK")
            raise

    def _run_part(self, session: Session, sql: str, document: dict[str, Any], number: int) -> None:
        """Run a statement of a batch.

        Raises:
            RedshiftError: it failed; the text says which one it is.
        """
        document["Status"], document["CreatedAt"] = "STARTED", time.time()
        begin = time.monotonic_ns()
        try:
            self._run_one(session, sql, document)
        except RedshiftError as error:
            cancelled = isinstance(error, QueryCancelled)
            document["Status"] = "ABORTED" if cancelled else "FAILED"
            document["Error"] = str(error)
            if cancelled:
                raise
            failure = RedshiftError("", error.sqlstate)
            failure.args = (f"Query #{number} failed with {error}",)
            raise failure from error
        else:
            document["Status"] = "FINISHED"
        finally:
            document["Duration"] = time.monotonic_ns() - begin
            document["UpdatedAt"] = time.time()
            self._journal.save(self._record)

    def _run_one(self, session: Session, sql: str, document: dict[str, Any]) -> None:
        if self._cancelled.is_set():
            raise QueryCancelled
        outcome = session.run(sql, self._parameters)
        self._note(document, outcome)

    def _note(self, document: dict[str, Any], outcome: Outcome) -> None:
        """Write what a statement gave into its document, and its rows into a file."""
        document["RedshiftQueryId"] = time.time_ns() // 1000
        document["HasResultSet"] = outcome.has_result_set
        document["ResultRows"] = outcome.row_count
        document["ResultSize"] = _NOT_COUNTED
        if outcome.has_result_set:
            csv_text = self._record.document["ResultFormat"] == "csv"
            size_bytes = self._results.write(document["Id"], outcome, csv_text=csv_text)
            document["ResultSize"] = size_bytes
            if self._record.batch:
                self._record.document["HasResultSet"] = True

    def _set(self, status: str) -> None:
        self._record.document["Status"] = status
        self._record.document["UpdatedAt"] = time.time()
        self._journal.save(self._record)

    def _end(self, status: str, error: str | None = None) -> None:
        if self._started:
            self._record.document["Duration"] = time.monotonic_ns() - self._started
        end(self._record, status, error)
        self._journal.save(self._record)


def end(record: Record, status: str, error: str | None = None) -> None:
    """Write an end into what DescribeStatement answers."""
    now = time.time()
    document = record.document
    document["Status"], document["UpdatedAt"] = status, now
    if error is not None:
        document["Error"] = error
    for part in document.get("SubStatements", []):
        if part["Status"] in ("SUBMITTED", "PICKED", "STARTED"):  # after the one that failed
            part["Status"], part["UpdatedAt"] = "ABORTED", now
