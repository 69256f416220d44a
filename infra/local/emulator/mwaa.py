"""The `mwaa` API: forwarded whole to the supervisor, after IAM was enforced here."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, urlencode

from infra.local.emulator import seam
from infra.local.emulator.iam.authorization import airflow_role
from infra.local.emulator.supervisor import Supervisor, SupervisorUnavailable


def install(supervisor: Supervisor) -> None:
    """Answer the `mwaa` API from the supervisor, off the event loop."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> seam.Response:
        del headers  # the client's signature is of no use behind IAM
        target = "/mwaa" + quote(path, safe="/:")
        if query:
            target += "?" + urlencode(query, doseq=True)
        try:
            status, answer = await asyncio.to_thread(
                supervisor.request, method, target, body=body, headers=caller_headers()
            )
        except SupervisorUnavailable as error:
            refusal = {"__type": "ServiceUnavailableException", "message": str(error)}
            status, answer = 503, json.dumps(refusal).encode()
        return status, _answer_headers(status, answer), answer

    seam.wrap_service("airflow", lambda _: handle)


def caller_headers() -> dict[str, str]:
    """Who calls, as the supervisor is told."""
    headers = {
        "X-Lake-Account": seam.account_id(),
        "X-Lake-Region": seam.region(),
        "X-Lake-Caller-Arn": seam.caller_arn(),
    }
    role = airflow_role()
    return {**headers, "X-Lake-Airflow-Role": role} if role else headers


def _answer_headers(status: int, answer: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
        try:
            headers["x-amzn-ErrorType"] = json.loads(answer)["__type"]
        except (ValueError, KeyError, TypeError):
            headers["x-amzn-ErrorType"] = "InternalServerException"
    return headers
