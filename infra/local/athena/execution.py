"""One query from QUEUED to its end."""

from __future__ import annotations

import copy
import logging
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.athena.catalog import Catalog
from infra.local.athena.clients import Clients
from infra.local.athena.dispatch import run_statement
from infra.local.athena.errors import ErrorType, QueryCancelled, QueryError
from infra.local.athena.failures import as_athena
from infra.local.athena.journal import Journal, Outcome, Record
from infra.local.athena.objects import ObjectCache
from infra.local.athena.results import ResultStore
from infra.local.athena.session import Session
from infra.local.athena.statement import Statement
from infra.local.athena.work import Statistics, Work
from infra.local.athena.workgroup import QuerySettings

log = logging.getLogger(__name__)

_MAX_REASON = 4096


class Execution:
    """A query that is queued or runs; its record in the journal is what clients see."""

    def __init__(
        self,
        *,
        record: Record,
        statement: Statement,
        clients: Clients,
        journal: Journal,
        cache: ObjectCache,
        scratch: Path,
        settings: QuerySettings,
    ) -> None:
        self._document = copy.deepcopy(record.document)
        self._statement = statement
        self._clients = clients
        self._journal = journal
        self._cache = cache
        self._settings = settings
        self._session = Session(scratch)
        self._lock = threading.Lock()
        self._started = time.monotonic()

    @property
    def id(self) -> str:
        """The execution's id."""
        return str(self._document["QueryExecutionId"])

    def cancel(self) -> None:
        """Stop it: at once when it is queued, soon when it runs."""
        self._session.cancel()
        with self._lock:
            if self._document["Status"]["State"] == "QUEUED":
                self._finish("CANCELLED", reason="Query cancelled by user")

    def run(self) -> None:
        """Run it to its end, whatever that is; nothing is raised."""
        with self._lock:
            if self._document["Status"]["State"] != "QUEUED":
                return
            self._document["Status"]["State"] = "RUNNING"
            self._document["Statistics"]["QueryQueueTimeInMillis"] = self._elapsed()
            self._journal.save(Record(self._document))
        statistics = Statistics()
        try:
            outcome = self._execute(statistics)
        except QueryCancelled as error:
            self._end("CANCELLED", statistics, reason=str(error))
        except QueryError as error:
            self._end("FAILED", statistics, reason=str(error), error_type=error.error_type)
        except (ClientError, BotoCoreError) as error:
            self._end("FAILED", statistics, reason=str(error), error_type=ErrorType.INTERNAL)
        except Exception as error:
            log.exception("query %s failed inside of the engine", self.id)
            reason = f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
            self._end("FAILED", statistics, reason=reason, error_type=ErrorType.INTERNAL)
        else:
            self._end("SUCCEEDED", statistics, outcome=outcome)

    def _execute(self, statistics: Statistics) -> Outcome:
        with self._session as session:
            context = self._document["QueryExecutionContext"]
            work = Work(
                statement=self._statement,
                parameters=self._document.get("ExecutionParameters", []),
                # awswrangler sends it in backticks.
                database=context.get("Database", "default").strip("`").lower(),
                clients=self._clients,
                catalog=Catalog(self._clients.glue, self._clients.s3),
                session=session,
                cache=self._cache,
                results=ResultStore(self._clients.s3, self._document["ResultConfiguration"]),
                output=self._document["ResultConfiguration"]["OutputLocation"],
                execution_id=self.id,
                scan_limit_bytes=self._settings.scan_limit_bytes,
                enforced=self._settings.enforced,
                statistics=statistics,
            )
            try:
                return run_statement(work)
            except duckdb.Error as error:
                raise as_athena(error) from error

    def _elapsed(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    def _end(
        self,
        state: str,
        statistics: Statistics,
        *,
        outcome: Outcome | None = None,
        reason: str = "",
        error_type: ErrorType | None = None,
    ) -> None:
        with self._lock:
            self._document["Statistics"].update(statistics.as_api())
            self._finish(state, reason=reason, error_type=error_type, outcome=outcome)

    def _finish(
        self,
        state: str,
        *,
        reason: str = "",
        error_type: ErrorType | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        total = self._elapsed()
        timing = self._document["Statistics"]
        timing["TotalExecutionTimeInMillis"] = total
        timing["EngineExecutionTimeInMillis"] = total - timing.get("QueryQueueTimeInMillis", 0)
        finish(self._document, state, reason=reason, error_type=error_type)
        self._journal.save(Record(self._document, outcome or Outcome()))


def finish(
    document: dict[str, Any],
    state: str,
    *,
    reason: str = "",
    error_type: ErrorType | None = None,
) -> None:
    """Write an end into the `QueryExecution` of the API."""
    status = document["Status"]
    status["State"] = state
    status["CompletionDateTime"] = time.time()
    if reason:
        status["StateChangeReason"] = reason[:_MAX_REASON]
    if error_type is not None:
        category, number = error_type.value
        status["AthenaError"] = {
            "ErrorCategory": category,
            "ErrorType": number,
            "Retryable": error_type in (ErrorType.INTERNAL, ErrorType.RESOURCES),
            "ErrorMessage": reason[:_MAX_REASON],
        }
