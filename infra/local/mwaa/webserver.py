"""The web server of an environment, as its clients see it: health and REST API."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from infra.local.mwaa.airflow import ADMIN
from infra.local.mwaa.model import ApiError, ConfigurationError
from infra.local.supervisor import ports
from infra.local.supervisor.component import Component, ComponentState

HEALTHY_WITHIN_SECONDS = 300.0
FIRST_ANSWER_SECONDS = 60.0
MONITORED = ("metadatabase", "scheduler", "triggerer", "dag_processor")
REST_LIMIT_SECONDS = 10.0
REST_LIMIT_BYTES = 6 * 1024 * 1024
"""Both limits: Amazon MWAA user guide, "Using the Apache Airflow REST API"."""
LOG_TAIL_BYTES = 2000


def require_free_port(port: int) -> None:
    """Raise ConfigurationError when another program listens at `port`."""
    try:
        ports.require_free(port, purpose="Airflow's web server", setting="LAKE_AIRFLOW_PORT")
    except ports.PortTakenError as error:
        raise ConfigurationError(str(error)) from None


class WebServer:
    """Calls Airflow's API on the loopback interface."""

    def __init__(self, address: str, password: str) -> None:
        self._password = password
        self._logins: dict[str, str] = {}
        self._client = httpx.AsyncClient(
            base_url=f"http://{address}", timeout=REST_LIMIT_SECONDS, trust_env=False
        )

    async def unhealthy_parts(self, *, since: datetime.datetime) -> list[str]:
        """The parts of Airflow that are not healthy, or have not said so after `since`.

        What was killed counts as healthy until its last heartbeat is old. The execution API,
        which tasks report to, and the login are built at their first request, which on a busy
        processor takes longer than a client may wait: they are asked here, not by the first task
        and the first client.
        """
        try:
            execution = await self._client.get("/execution/health", timeout=FIRST_ANSWER_SECONDS)
            answer = await self._client.get("/api/v2/monitor/health")
            execution.raise_for_status()
            health = answer.raise_for_status().json()
        except httpx.HTTPError:
            return ["api-server"]
        unhealthy = [part for part in MONITORED if not _is_healthy(health, part, since)]
        return unhealthy or ([] if await self._lets_in() else ["login"])

    async def _lets_in(self) -> bool:
        """Whether a user can log in and call, however long that takes."""
        try:
            login = await self._log_in(ADMIN, timeout_seconds=FIRST_ANSWER_SECONDS)
            answer = await self._call(login, "GET", "/dags", {"limit": 1}, None)
        except httpx.HTTPError:
            return False
        return answer.is_success

    async def invoke(
        self,
        method: str,
        path: str,
        *,
        username: str,
        query: Mapping[str, object],
        body: object,
    ) -> tuple[int, object]:
        """One call of Airflow's REST API as `username`: status and JSON document of the answer.

        Raises ApiError (RestApiClientException, RestApiServerException) for an answer of 400
        and more, and for one that is too late or too large.
        """
        try:
            async with asyncio.timeout(REST_LIMIT_SECONDS):
                login = self._logins.get(username) or await self._log_in(username)
                answer = await self._call(login, method, path, query, body)
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    login = await self._log_in(username)
                    answer = await self._call(login, method, path, query, body)
        except (TimeoutError, httpx.HTTPError) as error:
            reason = str(error) or f"no answer within {REST_LIMIT_SECONDS:.0f} s"
            raise _rest_error(504, {"detail": reason}) from None
        if len(answer.content) > REST_LIMIT_BYTES:
            raise _rest_error(502, {"detail": f"the answer has {len(answer.content)} bytes"})
        document = answer.json() if answer.content else {}
        if answer.is_error:
            raise _rest_error(answer.status_code, document)
        return answer.status_code, document

    async def _call(
        self, login: str, method: str, path: str, query: Mapping[str, object], body: object
    ) -> httpx.Response:
        return await self._client.request(
            method,
            f"/api/v2/{path.lstrip('/')}",
            params=httpx.QueryParams(dict(query)) if query else None,  # type: ignore[arg-type]  # JSON
            json=body,
            headers={"Authorization": f"Bearer {login}"},
        )

    async def _log_in(self, username: str, *, timeout_seconds: float = REST_LIMIT_SECONDS) -> str:
        answer = await self._client.post(
            "/auth/token",
            json={"username": username, "password": self._password},
            timeout=timeout_seconds,
        )
        self._logins[username] = answer.raise_for_status().json()["access_token"]
        return self._logins[username]


def _is_healthy(
    health: Mapping[str, Mapping[str, str | None]], part: str, since: datetime.datetime
) -> bool:
    if health.get(part, {}).get("status") != "healthy":
        return False
    heartbeat = health[part].get(f"latest_{part}_heartbeat")
    return not heartbeat or datetime.datetime.fromisoformat(heartbeat) >= since


def _rest_error(status: int, document: object) -> ApiError:
    kind = "Client" if status < httpx.codes.INTERNAL_SERVER_ERROR else "Server"
    return ApiError(
        f"RestApi{kind}Exception",
        f"Airflow answered {status}",
        RestApiStatusCode=status,
        RestApiResponse=document,
    )


async def wait_until_healthy(web_server: WebServer, components: Sequence[Component]) -> None:
    """Return when every part of Airflow is healthy.

    Raises ConfigurationError with the end of its log when a component keeps dying, and when
    HEALTHY_WITHIN_SECONDS have passed.
    """
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    started = datetime.datetime.now(datetime.UTC)
    while unhealthy := await web_server.unhealthy_parts(since=started):
        for component in components:
            if component.state is ComponentState.FAILING:
                raise ConfigurationError(
                    f"{component.name} keeps dying: it {component.last_exit}. The end of its log:\n"
                    f"{_tail(component.command.log_path)}"
                )
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"Airflow is not healthy after {HEALTHY_WITHIN_SECONDS:.0f} s: "
                f"{', '.join(unhealthy)}; the logs are in {components[0].command.log_path.parent}"
            )
        await asyncio.sleep(0.25)


def _tail(log_path: Path) -> str:
    with log_path.open("rb") as file:
        file.seek(max(0, log_path.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace")
