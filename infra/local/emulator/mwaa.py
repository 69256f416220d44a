"""The `mwaa` API: forwarded whole to the supervisor, after IAM was enforced here."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, urlencode

from infra.local.emulator.iam.authorization import airflow_role
from infra.local.emulator.seam.authorization import caller_arn
from infra.local.emulator.seam.services import (
    Request,
    Response,
    account_id,
    region,
    wrap_service,
)
from infra.local.emulator.supervisor import Supervisor, SupervisorUnavailable


def install(supervisor: Supervisor) -> None:
    """Answer the `mwaa` API from the supervisor, off the event loop."""

    async def forward(request: Request) -> Response:
        target = "/mwaa" + quote(request.path, safe="/:")
        if request.query:
            target += "?" + urlencode(request.query, doseq=True)
        try:
            status, body = await asyncio.to_thread(
                supervisor.request,
                request.method,
                target,
                body=request.body,
                headers=caller_headers(),
            )
        except SupervisorUnavailable as error:
            refusal = {"__type": "ServiceUnavailableException", "message": str(error)}
            status, body = 503, json.dumps(refusal).encode()
        return Response(status, _answer_headers(status, body), body)

    wrap_service("airflow", lambda _ministack: forward)


def caller_headers() -> dict[str, str]:
    """Who calls, as the supervisor is told."""
    headers = {
        "X-Lake-Account": account_id(),
        "X-Lake-Region": region(),
        "X-Lake-Caller-Arn": caller_arn(),
    }
    role = airflow_role()
    return {**headers, "X-Lake-Airflow-Role": role} if role else headers


def _answer_headers(status: int, body: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
        try:
            headers["x-amzn-ErrorType"] = json.loads(body)["__type"]
        except (ValueError, KeyError, TypeError):
            headers["x-amzn-ErrorType"] = "InternalServerException"
    return headers
