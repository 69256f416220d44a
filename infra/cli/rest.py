"""Airflow's REST API through MWAA's InvokeRestApi."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from infra.cli.aws import client
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

UNANSWERED_TRIES = 10
UNANSWERED_SECONDS = 3.0
"""Between two calls of a web server that does not answer, while it starts for example."""


def invoke(
    method: str,
    path: str,
    *,
    name: str,
    settings: LocalSettings,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
) -> Any:
    """Airflow's answer on this machine, in the environment `name`; raises as `invoke_by` does."""
    mwaa = client("mwaa", settings)
    return invoke_by(mwaa, method, path, name=name, query=query, body=body)


def invoke_by(
    mwaa: Any,
    method: str,
    path: str,
    *,
    name: str,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
) -> Any:
    """Airflow's answer by a client of MWAA; what does not answer in time is called again.

    So is a question that Airflow fails at, as a busy database makes it.

    Raises:
        Failed: it never does, or fails at what was asked of it.
        ClientError: Airflow refuses; `status_of` says how.
    """
    call: dict[str, Any] = {"Name": name, "Method": method, "Path": path}
    if query is not None:
        call["QueryParameters"] = query
    if body is not None:
        call["Body"] = body
    for _ in range(UNANSWERED_TRIES):
        try:
            return mwaa.invoke_rest_api(**call)["RestApiResponse"]
        except ClientError as error:
            status = status_of(error)
            if status == HTTPStatus.INTERNAL_SERVER_ERROR and method != "GET":
                raise Failed(
                    f"Airflow failed at {method} {path}: see `lake logs {name}.api-server`"
                ) from error
            if status not in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT):
                raise
        time.sleep(UNANSWERED_SECONDS)
    raise Failed(
        f"Airflow's web server has not answered {method} {path} in {UNANSWERED_TRIES} calls: "
        "see `lake status` and `lake logs`"
    )


def status_of(error: ClientError) -> int | None:
    """The HTTP status of Airflow's own answer; None where the service refused the call."""
    status: int | None = error.response.get("RestApiStatusCode")  # type: ignore[assignment]  # MWAA's own
    return status
