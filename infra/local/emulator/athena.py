"""Athena: queries are answered by our engine; work groups and the rest stay ministack's."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

from infra.local.emulator.seam.authorization import caller_credentials
from infra.local.emulator.seam.services import Handler, Request, Response, wrap_service
from infra.local.emulator.settings import EmulatorSettings

if TYPE_CHECKING:
    from infra.local.athena import Engine

_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}


class Athena:
    """The service; its engine is made with the first call, because it takes a second and memory."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def install(self) -> None:
        """Answer the operations that the engine has, on threads."""
        wrap_service("athena", self._wrap)

    def work_group_of(self, query_execution_id: str) -> str | None:
        """The work group of a query, or None if there is no such query."""
        request = {"QueryExecutionId": query_execution_id}
        status, answer = self._handle("GetQueryExecution", request, ("", "", None))
        return answer["QueryExecution"]["WorkGroup"] if status == 200 else None  # noqa: PLR2004 - OK

    def close(self) -> None:
        """Cancel the queries that run."""
        if self._engine is not None:
            self._engine.close()

    def _wrap(self, ministack: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
            engine = await asyncio.to_thread(self._made_engine)
            if operation not in engine.OPERATIONS:
                response = await ministack(request)
                return _completed(response) if operation == "GetWorkGroup" else response
            parameters: dict[str, Any] = json.loads(request.body or b"{}")
            status, answer = await asyncio.to_thread(
                self._handle, operation, parameters, caller_credentials(request)
            )
            return Response(status, dict(_HEADERS), json.dumps(answer).encode())

        return handle

    def _handle(
        self, operation: str, parameters: dict[str, Any], caller: tuple[str, str, str | None]
    ) -> tuple[int, dict[str, Any]]:
        from infra.local.athena import Credentials  # noqa: PLC0415 - imported with the engine

        return self._made_engine().handle(operation, parameters, Credentials(*caller))

    def _made_engine(self) -> Engine:
        from infra.local.athena import Engine  # noqa: PLC0415 - takes a second

        with self._lock:
            if self._engine is None:
                self._engine = Engine(
                    self._settings.endpoint_url,
                    self._settings.region,
                    self._settings.account_id,
                    self._settings.state_dir / "athena",
                )
            return self._engine


def _completed(response: Response) -> Response:
    """A work group with the settings that AWS always answers: clients ask for them by name."""
    if response.status != 200:  # noqa: PLR2004 - OK
        return response
    answer: dict[str, Any] = json.loads(response.body)
    group = answer["WorkGroup"]
    group["Configuration"] = {
        # Only the work group that every account has leaves the settings to its clients.
        "EnforceWorkGroupConfiguration": group["Name"] != "primary",
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "ResultConfiguration": {},
        **group.get("Configuration", {}),
    }
    return response._replace(body=json.dumps(answer).encode())
