"""The web server as its clients see it."""

from __future__ import annotations

import asyncio
import datetime
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from infra.local.mwaa import webserver
from infra.local.mwaa.model import ApiError, ConfigurationError
from infra.local.mwaa.webserver import (
    FIRST_ANSWER_SECONDS,
    WebServer,
    require_free_port,
    wait_until_healthy,
)
from infra.local.supervisor.component import Command, Component, ComponentState

NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def _health(heartbeat: str = "2099-01-01T00:00:00Z") -> dict[str, Any]:
    """The answer of a healthy Airflow, whose parts were last heard of at `heartbeat`."""
    parts = {
        part: {"status": "healthy", f"latest_{part}_heartbeat": heartbeat}
        for part in ("scheduler", "triggerer", "dag_processor")
    }
    return {"metadatabase": {"status": "healthy"}, **parts}


def _answering(health: dict[str, Any], *, login: int = 201) -> WebServer:
    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/api/v2/monitor/health":
                return httpx.Response(200, json=health)
            case "/auth/token":
                assert request.extensions["timeout"]["read"] == FIRST_ANSWER_SECONDS
                return httpx.Response(login, json={"access_token": "jwt"})
            case "/api/v2/dags":
                authorized = request.headers["Authorization"] == "Bearer jwt"
                return httpx.Response(200 if authorized else 401, json={})
        return httpx.Response(200, json={})

    return _server(answer)


def _server(answer: Callable[[httpx.Request], httpx.Response]) -> WebServer:
    server = WebServer("127.0.0.1:8120", "password")
    server._client = httpx.AsyncClient(
        base_url="http://127.0.0.1:8120", transport=httpx.MockTransport(answer)
    )
    return server


def _airflow(request: httpx.Request) -> httpx.Response:
    """A small Airflow with one DAG."""
    if request.url.path == "/auth/token":
        assert json.loads(request.content) == {"username": "viewer", "password": "password"}
        return httpx.Response(201, json={"access_token": "jwt"})
    if request.headers["Authorization"] != "Bearer jwt":
        return httpx.Response(401, json={})
    if request.url.path == "/api/v2/dags/slow":
        raise httpx.ReadTimeout("too late")
    if request.url.path == "/api/v2/dags/large":
        return httpx.Response(200, content=b'"' + b"x" * (6 * 1024 * 1024) + b'"')
    if request.url.path == "/api/v2/dags/broken":
        return httpx.Response(500, json={"detail": "oops"})
    if request.url.path == "/api/v2/dags":
        return httpx.Response(200, json={"limit": request.url.params.get("limit")})
    return httpx.Response(404, json={"detail": "not found"})


def _invoke(path: str, **query: object) -> tuple[int, object]:
    return asyncio.run(
        _server(_airflow).invoke("GET", path, username="viewer", query=query, body=None)
    )


def test_a_call_is_made_as_the_user_it_is_for() -> None:
    assert _invoke("/dags", limit=5) == (200, {"limit": "5"})


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/dags/none", "RestApiClientException", 404),
        ("/dags/broken", "RestApiServerException", 500),
        ("/dags/slow", "RestApiServerException", 504),
        ("/dags/large", "RestApiServerException", 502),
    ],
)
def test_errors_have_airflows_status_and_answer(path: str, code: str, status: int) -> None:
    with pytest.raises(ApiError) as failed:
        _invoke(path)
    assert failed.value.code == code
    assert failed.value.members["RestApiStatusCode"] == status
    assert failed.value.members["RestApiResponse"]


def test_an_expired_login_is_renewed() -> None:
    server = _server(_airflow)
    server._logins = {"viewer": "expired"}
    assert (
        asyncio.run(server.invoke("GET", "/dags", username="viewer", query={}, body=None))[0] == 200
    )


def test_unhealthy_parts_are_named() -> None:
    health = {**_health(), "scheduler": {"status": "unhealthy"}, "triggerer": {"status": None}}
    server = _answering(health)
    assert asyncio.run(server.unhealthy_parts(since=NOW)) == ["scheduler", "triggerer"]


def test_the_last_heartbeat_of_what_was_killed_is_no_sign_of_health() -> None:
    server = _answering(_health("2026-01-01T11:59:59Z"))
    assert asyncio.run(server.unhealthy_parts(since=NOW)) == [
        *("scheduler", "triggerer", "dag_processor")
    ]


def test_airflow_is_healthy_when_a_user_can_log_in() -> None:
    assert asyncio.run(_answering(_health()).unhealthy_parts(since=NOW)) == []
    refusing = _answering(_health(), login=401)
    assert asyncio.run(refusing.unhealthy_parts(since=NOW)) == ["login"]


def test_a_server_that_does_not_answer_is_not_healthy() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert asyncio.run(_server(answer).unhealthy_parts(since=NOW)) == ["api-server"]


def _component(tmp_path: Path) -> Component:
    log_path = tmp_path / "scheduler.log"
    log_path.write_text("ImportError: no module named x\n")
    command = Command(
        name="scheduler", argv=["x"], environment={}, folder=tmp_path, log_path=log_path
    )
    return Component(command, marker="/test-web:")


def test_a_component_that_keeps_dying_ends_the_wait_with_its_log(tmp_path: Path) -> None:
    component = _component(tmp_path)
    component.state, component.last_exit = ComponentState.FAILING, "ended with exit code 1"
    unhealthy = _server(lambda _: httpx.Response(503))
    with pytest.raises(ConfigurationError, match=r"(?s)keeps dying.*exit code 1.*ImportError"):
        asyncio.run(wait_until_healthy(unhealthy, [component]))


def test_the_wait_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "HEALTHY_WITHIN_SECONDS", 0.0)
    unhealthy = _server(lambda _: httpx.Response(503))
    with pytest.raises(ConfigurationError, match="not healthy after 0 s: api-server"):
        asyncio.run(wait_until_healthy(unhealthy, [_component(tmp_path)]))


def test_all_healthy_ends_the_wait() -> None:
    asyncio.run(wait_until_healthy(_answering(_health()), cast(list[Component], [])))


def test_a_taken_port_names_the_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigurationError, match="LAKE_AIRFLOW_PORT"):
            require_free_port(other.getsockname()[1])
