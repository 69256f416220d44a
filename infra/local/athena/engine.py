"""The face of the engine: Athena's query operations, request in, answer out."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.athena import results
from infra.local.athena.clients import ClientFactory, Credentials
from infra.local.athena.errors import ErrorType, QueryError, RequestError
from infra.local.athena.execution import Execution, finish
from infra.local.athena.journal import Journal, Record, TokenReused
from infra.local.athena.objects import ObjectCache
from infra.local.athena.requests import Request, fingerprint, new_record, required
from infra.local.athena.statement import classify
from infra.local.athena.workgroup import query_settings

Answer = dict[str, Any]

_INTERRUPTED = (
    "The embedded Athena was stopped while this query ran: its result was not written."
    " Run it again."
)
_MAX_PAGE = 1000
_MAX_QUERY_BYTES = 262_144
_MAX_BATCH = 50


class Engine:
    """Answers Athena's query operations; blocking and thread-safe.

    Queries run on threads of their own, with the S3 and Glue permissions of their caller. Work
    groups belong to the Athena API at `endpoint` and are read with `service_credentials`, because
    a caller of StartQueryExecution needs no permission to read them.
    """

    WORKERS = 4
    CACHE_BYTES = 4 << 30

    OPERATIONS = frozenset(
        {
            "BatchGetQueryExecution",
            "GetQueryExecution",
            "GetQueryResults",
            "GetQueryRuntimeStatistics",
            "ListQueryExecutions",
            "StartQueryExecution",
            "StopQueryExecution",
        }
    )

    def __init__(
        self,
        endpoint: str,
        region: str,
        account_id: str,
        state_dir: Path,
        *,
        service_credentials: Credentials | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        root = Credentials("test", "test")
        self._factory = ClientFactory(endpoint=endpoint, region=region)
        self._service = service_credentials or root
        state_dir = state_dir / account_id / region
        self._scratch = state_dir / "scratch"
        shutil.rmtree(self._scratch, ignore_errors=True)  # of a process that was killed
        self._cache = ObjectCache(state_dir / "objects", capacity_bytes=cache_bytes)
        self._journal = Journal(state_dir / "executions.sqlite")
        self._lock = threading.Lock()
        self._running: dict[str, Execution] = {}
        self._pool = ThreadPoolExecutor(self.WORKERS, thread_name_prefix="athena")
        self._operations: dict[str, Callable[[Request, Credentials], Answer]] = {
            "BatchGetQueryExecution": self._batch_get_query_execution,
            "GetQueryExecution": self._get_query_execution,
            "GetQueryResults": self._get_query_results,
            "GetQueryRuntimeStatistics": self._get_query_runtime_statistics,
            "ListQueryExecutions": self._list_query_executions,
            "StartQueryExecution": self._start_query_execution,
            "StopQueryExecution": self._stop_query_execution,
        }
        for record in self._journal.unfinished():
            finish(record.document, "FAILED", reason=_INTERRUPTED, error_type=ErrorType.INTERNAL)
            self._journal.save(record)

    def close(self) -> None:
        """Cancel what runs and release threads and files."""
        with self._lock:
            running = list(self._running.values())
        for execution in running:
            execution.cancel()
        self._pool.shutdown(cancel_futures=True)
        self._journal.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def handle(self, operation: str, request: Request, caller: Credentials) -> tuple[int, Answer]:
        """Answer one call: the HTTP status and the JSON body, `__type` in it for an error."""
        try:
            return 200, self._operations[operation](request, caller)
        except RequestError as error:
            body = {
                "__type": error.code,
                "message": str(error),
                "Message": str(error),
                "AthenaErrorCode": error.athena_code,
            }
            return 400, body
        except ClientError as error:
            code = error.response["Error"]["Code"]
            message = error.response["Error"].get("Message", code)
            return 400, {"__type": code, "message": message, "Message": message}

    # Starting and stopping

    def _start_query_execution(self, request: Request, caller: Credentials) -> Answer:
        text = required(request, "QueryString")
        if len(text.encode()) > _MAX_QUERY_BYTES:
            raise RequestError(f"QueryString is longer than {_MAX_QUERY_BYTES} bytes")
        clients = self._factory.of(caller)
        work_group = request.get("WorkGroup") or "primary"
        settings = query_settings(
            self._factory.of(self._service).athena,
            work_group,
            request.get("ResultConfiguration") or {},
        )
        try:
            statement = classify(text)
        except QueryError as error:
            raise RequestError(str(error), athena_code="MALFORMED_QUERY") from error
        results.check_output(clients.s3, settings.result_configuration["OutputLocation"])
        record = new_record(request, statement, work_group, settings)
        try:
            self._journal.add(
                record,
                token=request.get("ClientRequestToken"),
                fingerprint=fingerprint(request, caller),
            )
        except TokenReused as reused:
            if not reused.same_request:
                raise RequestError("Idempotent parameters do not match") from reused
            return {"QueryExecutionId": reused.execution_id}
        execution = Execution(
            record=record,
            statement=statement,
            clients=clients,
            journal=self._journal,
            cache=self._cache,
            scratch=self._scratch,
            settings=settings,
        )
        with self._lock:
            self._running[record.id] = execution
        self._pool.submit(self._run, execution)
        return {"QueryExecutionId": record.id}

    def _run(self, execution: Execution) -> None:
        try:
            execution.run()
        finally:
            with self._lock:
                self._running.pop(execution.id, None)

    def _stop_query_execution(self, request: Request, _: Credentials) -> Answer:
        record = self._record(request)
        with self._lock:
            execution = self._running.get(record.id)
        if execution is not None:
            execution.cancel()
        return {}

    # Asking

    def _record(self, request: Request) -> Record:
        execution_id = required(request, "QueryExecutionId")
        record = self._journal.get(execution_id)
        if record is None:
            raise RequestError(f"QueryExecution {execution_id} was not found")
        return record

    def _get_query_execution(self, request: Request, _: Credentials) -> Answer:
        return {"QueryExecution": self._record(request).document}

    def _batch_get_query_execution(self, request: Request, _: Credentials) -> Answer:
        ids = request.get("QueryExecutionIds") or []
        if not 1 <= len(ids) <= _MAX_BATCH:
            raise RequestError(f"QueryExecutionIds: expected 1 to {_MAX_BATCH} ids, got {len(ids)}")
        found = {each: self._journal.get(each) for each in ids}
        return {
            "QueryExecutions": [each.document for each in found.values() if each is not None],
            "UnprocessedQueryExecutionIds": [
                {
                    "QueryExecutionId": each,
                    "ErrorCode": "INVALID_INPUT",
                    "ErrorMessage": f"QueryExecution {each} was not found",
                }
                for each, record in found.items()
                if record is None
            ],
        }

    def _list_query_executions(self, request: Request, _: Credentials) -> Answer:
        limit = min(int(request.get("MaxResults") or _MAX_BATCH), _MAX_BATCH)
        token = request.get("NextToken")
        if token is not None and not str(token).isdigit():
            raise RequestError("Invalid NextToken")
        rows = self._journal.ids(
            request.get("WorkGroup") or "primary",
            before=int(token) if token else None,
            limit=limit + 1,
        )
        answer: Answer = {"QueryExecutionIds": [each for _, each in rows[:limit]]}
        if len(rows) > limit:
            answer["NextToken"] = str(rows[limit - 1][0])
        return answer

    def _get_query_runtime_statistics(self, request: Request, _: Credentials) -> Answer:
        statistics = self._record(request).document["Statistics"]
        timeline = {
            key: statistics[key]
            for key in (
                "QueryQueueTimeInMillis",
                "EngineExecutionTimeInMillis",
                "TotalExecutionTimeInMillis",
            )
            if key in statistics
        }
        rows = {"InputBytes": statistics.get("DataScannedInBytes", 0)}
        return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}

    def _get_query_results(self, request: Request, caller: Credentials) -> Answer:
        record = self._record(request)
        if record.state in ("QUEUED", "RUNNING"):
            message = f"Query has not yet finished. Current state: {record.state}"
            raise RequestError(message, athena_code="INVALID_QUERY_EXECUTION_STATE")
        if record.state != "SUCCEEDED":
            message = f"Query did not finish successfully. Final query state: {record.state}"
            raise RequestError(message, athena_code="INVALID_QUERY_EXECUTION_STATE")
        limit = int(request.get("MaxResults") or _MAX_PAGE)
        if not 1 <= limit <= _MAX_PAGE:
            raise RequestError(f"MaxResults is {limit}: expected 1 to {_MAX_PAGE}")
        uri = record.document["ResultConfiguration"]["OutputLocation"]
        page = results.Page([], None)
        if uri.endswith((".csv", ".txt")):
            s3 = self._factory.of(caller).s3
            page = results.read_page(s3, uri, token=request.get("NextToken"), limit=limit)
        answer: Answer = {
            "UpdateCount": record.outcome.update_count,
            "ResultSet": results.result_set(page, record.outcome),
        }
        if page.token is not None:
            answer["NextToken"] = page.token
        return answer
