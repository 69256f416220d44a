"""The HTTP routes of the MWAA service and of Airflow's processes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.laptop import Laptop
from infra.local.mwaa.model import ApiError, ConfigurationError, Status
from infra.local.mwaa.service import Service
from infra.local.settings import LocalSettings
from infra.local.supervisor.server import make_server
from infra.local.supervisor.status import SupervisorStatus

ARN = "arn:aws:airflow:us-east-1:123456789012:environment/lake-dev"
CALLER = {
    "X-Lake-Control-Key": "control-key",
    "X-Lake-Account": "123456789012",
    "X-Lake-Region": "us-east-1",
    "X-Lake-Caller-Arn": "arn:aws:sts::123456789012:assumed-role/Admin/me",
    "X-Lake-Airflow-Role": "Viewer",
}


@pytest.fixture
def service(settings: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> Service:
    def available(environment: Environment) -> None:
        environment._commit(status=Status.AVAILABLE)

    monkeypatch.setattr(Environment, "create", available)
    laptop = Laptop(
        settings=settings,
        aws=EmbeddedAws(settings, "control-key"),
        proxy_url="http://127.0.0.1:1",
        marker="/test-api:",
    )
    return Service(laptop)


@pytest.fixture
def client(service: Service, settings: LocalSettings) -> TestClient:
    def status() -> SupervisorStatus:
        return SupervisorStatus(
            pid=1,
            since=0,
            endpoint_url=settings.endpoint_url,
            ready=True,
            components=[],
            environments=[],
        )

    app = make_server(
        service=service, control_key="control-key", status_token="status-token", status=status
    )
    return TestClient(app, headers=CALLER)


@pytest.fixture
def created(client: TestClient, request_body: dict[str, Any]) -> dict[str, Any]:
    answer = client.put("/mwaa/environments/lake-dev", json=request_body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_without_the_control_key_nothing_is_answered(client: TestClient) -> None:
    answer = client.get("/mwaa/environments", headers={"X-Lake-Control-Key": "wrong"})
    assert answer.status_code == 403
    assert answer.json()["__type"] == "AccessDeniedException"


def test_a_created_environment_can_be_got_and_listed(
    client: TestClient, created: dict[str, Any]
) -> None:
    assert created == {"Arn": ARN}
    environment = client.get("/mwaa/environments/lake-dev").json()["Environment"]
    assert (environment["Name"], environment["Status"]) == ("lake-dev", "AVAILABLE")
    assert client.get("/mwaa/environments").json() == {"Environments": ["lake-dev"]}


def test_the_list_comes_in_pages(client: TestClient, request_body: dict[str, Any]) -> None:
    for name in ("a", "b", "c"):
        client.put(f"/mwaa/environments/{name}", json=request_body)
    first = client.get("/mwaa/environments", params={"MaxResults": 2}).json()
    assert first == {"Environments": ["a", "b"], "NextToken": "b"}
    rest = client.get("/mwaa/environments", params={"NextToken": "b"}).json()
    assert rest == {"Environments": ["c"]}


def test_errors_have_the_shape_of_awss_rest_protocol(
    client: TestClient, request_body: dict[str, Any]
) -> None:
    missing = client.get("/mwaa/environments/none")
    assert missing.status_code == 404
    assert missing.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert missing.json() == {
        "__type": "ResourceNotFoundException",
        "message": "Environment none is not found",
    }
    wrong = client.put("/mwaa/environments/x", json={**request_body, "MinWorkers": 0})
    assert (wrong.status_code, wrong.json()["__type"]) == (400, "ValidationException")


@pytest.mark.parametrize("body", ["[]", "no json", '"text"'])
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: str) -> None:
    answer = client.put("/mwaa/environments/x", content=body)
    assert answer.status_code == 400
    assert "JSON object" in answer.json()["message"]


@pytest.mark.usefixtures("created")
def test_tags_are_kept(client: TestClient) -> None:
    path = f"/mwaa/tags/{quote(ARN, safe='')}"
    assert client.post(path, json={"Tags": {"a": "1", "b": "2"}}).json() == {}
    client.delete(path, params={"tagKeys": ["a"]})
    assert client.get(path).json() == {"Tags": {"b": "2"}}
    other = quote(ARN.replace("us-east-1", "eu-west-1"), safe="")
    assert client.get(f"/mwaa/tags/{other}").status_code == 404


@pytest.mark.usefixtures("created")
def test_a_login_token_names_the_caller_and_is_redeemed_once(client: TestClient) -> None:
    answer = client.post("/mwaa/webtoken/lake-dev").json()
    assert answer["WebServerHostname"] == "127.0.0.1:8120"
    assert answer["IamIdentity"] == "assumed-role/Admin/me"
    assert answer["AirflowIdentity"] == "viewer"
    headers = {"Authorization": f"Bearer {answer['WebToken']}"}
    assert client.post("/tokens/lake-dev/cli", headers=headers).status_code == 403
    assert client.post("/tokens/lake-dev/web", headers=headers).json() == {"Username": "viewer"}
    assert client.post("/tokens/lake-dev/web", headers=headers).status_code == 403


@pytest.mark.usefixtures("created")
@pytest.mark.parametrize("operation", ["webtoken", "restapi"])
def test_a_caller_without_a_role_of_airflow_is_refused(client: TestClient, operation: str) -> None:
    call = {"Method": "GET", "Path": "/dags"}
    headers = {"X-Lake-Airflow-Role": ""}
    answer = client.post(f"/mwaa/{operation}/lake-dev", json=call, headers=headers)
    assert (answer.status_code, answer.json()["__type"]) == (403, "AccessDeniedException")


@pytest.mark.usefixtures("created")
def test_tokens_are_issued_for_a_running_web_server_only(
    client: TestClient, service: Service
) -> None:
    service.get("lake-dev")._commit(status=Status.CREATING)
    assert client.post("/mwaa/clitoken/lake-dev").status_code == 404
    assert client.post("/mwaa/clitoken/none").status_code == 404


@pytest.mark.usefixtures("created")
def test_credentials_need_the_environments_token(client: TestClient) -> None:
    for token in ("", "wrong"):
        answer = client.get("/credentials/lake-dev", headers={"Authorization": token})
        assert answer.status_code == 403
    assert client.get("/credentials/none", headers={"Authorization": "x"}).status_code == 403


@pytest.mark.usefixtures("created")
def test_a_role_that_can_no_longer_be_assumed_is_said_to_the_task(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> None:
        raise ConfigurationError("cannot be assumed")

    host = service.get("lake-dev").host
    monkeypatch.setattr(host.role, "credentials", refused)
    answer = client.get("/credentials/lake-dev", headers={"Authorization": host.credentials_token})
    assert (answer.status_code, answer.json()["message"]) == (403, "cannot be assumed")


@pytest.mark.usefixtures("created")
def test_the_rest_api_is_called_and_its_errors_are_passed_on(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def invoke(method: str, path: str, **rest: object) -> tuple[int, object]:
        if path == "/dags/none":
            raise ApiError(
                "RestApiClientException",
                "Airflow answered 404",
                RestApiStatusCode=404,
                RestApiResponse={"detail": "not found"},
            )
        return 200, [method, path, rest]

    monkeypatch.setattr(service.get("lake-dev").host.web_server, "invoke", invoke)
    call = {"Method": "POST", "Path": "/dags", "QueryParameters": {"a": "b"}, "Body": {"c": 1}}
    answer = client.post("/mwaa/restapi/lake-dev", json=call)
    assert answer.json() == {
        "RestApiStatusCode": 200,
        "RestApiResponse": [
            *("POST", "/dags"),
            {"username": "viewer", "query": {"a": "b"}, "body": {"c": 1}},
        ],
    }
    failed = client.post("/mwaa/restapi/lake-dev", json={"Method": "GET", "Path": "/dags/none"})
    assert failed.status_code == 400
    assert failed.json()["RestApiResponse"] == {"detail": "not found"}


@pytest.mark.usefixtures("created")
@pytest.mark.parametrize(
    "call",
    [
        {"Method": "HEAD", "Path": "/dags"},
        {"Method": "GET"},
        {"Method": "GET", "Path": "/dags", "QueryParameters": "a=b"},
    ],
)
def test_a_wrong_rest_call_is_refused(client: TestClient, call: dict[str, Any]) -> None:
    answer = client.post("/mwaa/restapi/lake-dev", json=call)
    assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")


@pytest.mark.usefixtures("created")
def test_a_database_is_reset_for_callers_with_the_control_key(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Environment, "reset_database", lambda e: asked.append(e.record.name))
    path = "/mwaa/reset-database/lake-dev"
    assert client.post(path, headers={"X-Lake-Control-Key": "wrong"}).status_code == 403
    assert asked == []
    assert client.post(path).json() == {}
    assert asked == ["lake-dev"]
    missing = client.post("/mwaa/reset-database/none")
    assert missing.status_code == 404
    assert missing.json()["message"] == "Environment none is not found"


def test_status_needs_its_own_token(client: TestClient) -> None:
    assert client.get("/status").status_code == 403
    wrong = {"Authorization": "Bearer control-key"}
    assert client.get("/status", headers=wrong).status_code == 403
    right = {"Authorization": "Bearer status-token"}
    assert client.get("/status", headers=right).json()["ready"] is True
