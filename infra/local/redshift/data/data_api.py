"""The face of the Data API: operations of `redshift-data`, request in, answer out.

Source: https://docs.aws.amazon.com/redshift-data/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local.redshift.api_model import ApiModel
from infra.local.redshift.data import asking, metadata
from infra.local.redshift.data.caller import Caller
from infra.local.redshift.data.connections import Connections, required
from infra.local.redshift.data.copy_roles import CopyRoles
from infra.local.redshift.data.databases import Databases, MakeDatabase
from infra.local.redshift.data.journal import KEPT_SECONDS, Journal, TokenReused
from infra.local.redshift.data.requests import (
    fingerprint,
    new_record,
    parameters_of,
    statements_of,
)
from infra.local.redshift.data.results import Results
from infra.local.redshift.data.statements import Execution, end
from infra.local.redshift.engine import Database, RedshiftError
from infra.local.redshift.errors import ApiError, invalid
from infra.local.redshift.warehouse import Warehouse

type Request = Mapping[str, Any]
type Answer = dict[str, Any]

WORKERS = 4
MOST_STATEMENTS = 500
_INTERRUPTED = (
    "The embedded Redshift was stopped while this statement ran: its transaction was rolled back,"
    " unless it had just been committed. Look, and run it again."
)
_DATABASE_OPERATIONS = frozenset({*metadata.OPERATIONS, "ListDatabases"})
_STATEMENT_OPERATIONS = frozenset({"ExecuteStatement", "BatchExecuteStatement"})


class DataApi:
    """Answers the operations; blocking and thread-safe. Statements run on threads of its own.

    `state_dir` belongs to it. COPY and UNLOAD reach S3 and STS at `endpoint`, where `control_key`
    lets it call as the service.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        control_key: str,
        state_dir: Path,
        make_database: MakeDatabase = Database,
    ) -> None:
        self._api = ApiModel.of("redshift-data")
        roles = CopyRoles(endpoint=endpoint, control_key=control_key)
        self.databases = Databases(
            state_dir / "namespaces", endpoint=endpoint, roles=roles, make=make_database
        )
        self._results = Results(state_dir / "results")
        self._journal = Journal(state_dir / "statements.sqlite")
        self._connections = Connections(databases=self.databases, endpoint=endpoint)
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Execution, Future[None]]] = {}
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="redshift")
        for record in self._journal.unfinished():
            end(record, "FAILED", _INTERRUPTED)
            self._journal.save(record)

    def close(self) -> None:
        """Cancel what runs and release threads and files."""
        with self._lock:
            running = [execution for execution, _ in self._running.values()]
        for execution in running:
            execution.cancel()
        self._pool.shutdown(cancel_futures=True)
        self.databases.close()
        self._journal.close()

    def drop_namespace(self, namespace_id: str) -> None:
        """Remove the databases of a namespace, in the background."""

        def drop() -> None:
            self._connections.sessions.end_of(namespace_id)
            self.databases.drop(namespace_id)

        # Not on the pool, which the statements of the namespace may fill.
        threading.Thread(target=drop, name="redshift-drop", daemon=True).start()

    def owner_of(self, statement_id: str) -> str | None:
        """The `aws:userid` of who sent a statement, or None if there is no such statement."""
        record = self._journal.get(statement_id.partition(":")[0])
        return record.owner if record else None

    def workgroup_arn_of_session(self, session_id: str) -> str | None:
        """The ARN of the work group in which a session is kept, or None."""
        warehouse = self._connections.sessions.warehouse_of(session_id)
        return warehouse.workgroup_arn if warehouse else None

    def ending(self, statement_id: str) -> Future[None] | None:
        """What is done when the statement has ended; None once it has."""
        with self._lock:
            running = self._running.get(statement_id.partition(":")[0])
        return running[1] if running else None

    def handle(
        self, operation: str, request: Request, caller: Caller, warehouse: Warehouse | None
    ) -> Answer:
        """Answer one call, for which `warehouse` is the work group that it names.

        Raises:
            ApiError: the call is refused.
        """
        self._api.check(operation, request)
        if "ClusterIdentifier" in request:
            raise invalid("The embedded Redshift has work groups, and no clusters.")
        if operation in _STATEMENT_OPERATIONS:
            return self._execute(request, caller, warehouse)
        if operation in _DATABASE_OPERATIONS:
            return self._look(operation, request, caller, required(warehouse))
        questions = asking.Questions(journal=self._journal, results=self._results, caller=caller)
        answers: Mapping[str, Callable[[Request], Answer]] = {
            "CancelStatement": lambda asked: self._cancel(questions.own(asked["Id"]).id),
            "DescribeStatement": questions.describe,
            "GetStatementResult": questions.result,
            "GetStatementResultV2": questions.result_v2,
            "ListStatements": questions.listing,
        }
        if operation not in answers:
            raise ApiError(
                "UnsupportedOperation", f"{operation} is not supported by the embedded Redshift"
            )
        return answers[operation](request)

    # Running

    def _execute(self, request: Request, caller: Caller, warehouse: Warehouse | None) -> Answer:
        """ExecuteStatement and BatchExecuteStatement."""
        sqls = statements_of(request)
        parameters = parameters_of(request, sqls)
        self._forget()
        with self._lock:
            if len(self._running) >= MOST_STATEMENTS:
                raise ApiError(
                    "ActiveStatementsExceededException",
                    f"Only {MOST_STATEMENTS} statements can be active at once.",
                )
        kept = self._connections.kept(request, caller, warehouse)
        try:
            if kept is not None:
                warehouse, database = kept.warehouse, kept.database
            else:
                warehouse = required(warehouse)
                database = request.get("Database") or warehouse.database
            user = self._connections.db_user(request, caller, warehouse)
            record = new_record(
                request,
                sqls,
                caller=caller,
                workgroup=warehouse.workgroup,
                database=database,
                db_user=user,
                session_id=kept.id if kept else None,
            )
            self._journal.add(
                record, token=request.get("ClientToken"), fingerprint=fingerprint(request)
            )
        except Exception as error:
            if kept is not None:
                self._connections.sessions.give_back(kept)
            if isinstance(error, TokenReused):
                return self._again(error)
            raise
        connect, release = self._connections.of(kept, warehouse, database=database, user=user)
        execution = Execution(
            record=record,
            sqls=sqls,
            parameters=parameters,
            one_transaction=request.get("ExecutionMode", "TRANSACTION") == "TRANSACTION",
            timeout_seconds=warehouse.timeout_seconds,
            journal=self._journal,
            results=self._results,
            connect=connect,
            release=release,
        )
        with self._lock:
            future = self._pool.submit(execution.run)
            self._running[record.id] = execution, future
        future.add_done_callback(lambda _: self._ended(record.id))
        return asking.submitted(record)

    def _ended(self, statement_id: str) -> None:
        with self._lock:
            self._running.pop(statement_id, None)

    def _again(self, reused: TokenReused) -> Answer:
        record = self._journal.get(reused.statement_id)
        if record is None or not reused.same_request:
            raise invalid("The ClientToken was used before, with another request.") from reused
        return asking.submitted(record)

    def _cancel(self, statement_id: str) -> Answer:
        with self._lock:
            running = self._running.get(statement_id)
        if running is None:
            record = self._journal.get(statement_id)
            status = record.status if record else "FINISHED"
            raise invalid(
                f"Could not cancel a query that is already in {status} state "
                f"with ID: {statement_id}"
            )
        running[0].cancel()
        return {"Status": True}

    def _forget(self) -> None:
        """Drop what is older than a day."""
        for statement_id in self._journal.drop_before(time.time() - KEPT_SECONDS):
            self._results.drop(statement_id)

    # Looking around

    def _look(
        self, operation: str, request: Request, caller: Caller, warehouse: Warehouse
    ) -> Answer:
        if operation == "ListDatabases":
            return {"Databases": [warehouse.database]}
        try:
            session = self.databases.connect(
                warehouse,
                database=request.get("ConnectedDatabase") or request["Database"],
                user=self._connections.db_user(request, caller, warehouse),
            )
            try:
                return metadata.OPERATIONS[operation](session, request)
            finally:
                session.close()
        except RedshiftError as error:
            raise invalid(str(error)) from error
