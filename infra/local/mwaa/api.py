"""The HTTP routes of the MWAA service, as the emulator and Airflow's processes call them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from infra.local.mwaa.airflow import ADMIN, USERS
from infra.local.mwaa.environment import Environment
from infra.local.mwaa.model import ApiError, ConfigurationError, Status
from infra.local.mwaa.service import Service, describe, parse_tags

REST_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
PAGE_SIZE = 25


async def _document(request: Request) -> dict[str, Any]:
    content = await request.body()
    try:
        document = json.loads(content) if content else {}
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ApiError("ValidationException", "The request's body must be a JSON object")
    return document


def _username(x_lake_airflow_role: Annotated[str, Header()] = "") -> str:
    """The Airflow user of the caller: its name is the role that IAM allows them, in lower case."""
    if x_lake_airflow_role.lower() not in USERS:
        raise ApiError(
            "AccessDeniedException", "The caller has no role in this environment", status=403
        )
    return x_lake_airflow_role.lower()


type Username = Annotated[str, Depends(_username)]
type Document = Annotated[dict[str, Any], Depends(_document)]


def mwaa_routes(service: Service, control_key: str) -> APIRouter:
    """The API of Amazon MWAA, version 2020-07-01, for callers that hold the control key."""

    def authorize(x_lake_control_key: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(x_lake_control_key.encode(), control_key.encode()):
            raise ApiError("AccessDeniedException", "The control key is wrong", status=403)

    router = APIRouter(prefix="/mwaa", dependencies=[Depends(authorize)])
    _add_environment_routes(router, service)
    _add_web_server_routes(router, service)
    _add_tag_routes(router, service)
    _add_database_route(router, service)
    return router


def _add_environment_routes(router: APIRouter, service: Service) -> None:
    @router.get("/environments")
    async def list_environments(
        max_results: Annotated[int, Query(alias="MaxResults", ge=1, le=PAGE_SIZE)] = PAGE_SIZE,
        next_token: Annotated[str, Query(alias="NextToken")] = "",
    ) -> dict[str, Any]:
        names = sorted(name for name in service.environments if name > next_token)
        page = names[:max_results]
        more = {"NextToken": page[-1]} if len(names) > len(page) else {}
        return {"Environments": page, **more}

    @router.put("/environments/{name}")
    async def create_environment(
        name: str,
        document: Document,
        x_lake_account: Annotated[str, Header()],
        x_lake_region: Annotated[str, Header()],
    ) -> dict[str, Any]:
        environment = service.create(
            name, document, account_id=x_lake_account, region=x_lake_region
        )
        return {"Arn": environment.record.arn}

    @router.get("/environments/{name}")
    async def get_environment(name: str) -> dict[str, Any]:
        return {"Environment": describe(service.get(name).record)}

    @router.patch("/environments/{name}")
    async def update_environment(name: str, document: Document) -> dict[str, Any]:
        return {"Arn": service.update(name, document).record.arn}

    @router.delete("/environments/{name}")
    async def delete_environment(name: str) -> dict[str, Any]:
        await service.delete(name)
        return {}


def _add_web_server_routes(router: APIRouter, service: Service) -> None:
    def available(name: str) -> Environment:
        environment = service.get(name)
        if environment.record.status not in (Status.AVAILABLE, Status.UPDATING):
            raise ApiError(
                "ResourceNotFoundException",
                f"Environment {name} is {environment.record.status}",
                status=404,
            )
        return environment

    @router.post("/clitoken/{name}")
    async def create_cli_token(name: str) -> dict[str, Any]:
        environment = available(name)
        return {
            "CliToken": environment.tokens.issue("cli", ADMIN),
            "WebServerHostname": environment.record.web_server,
        }

    @router.post("/webtoken/{name}")
    async def create_web_login_token(
        name: str, username: Username, x_lake_caller_arn: Annotated[str, Header()] = ""
    ) -> dict[str, Any]:
        environment = available(name)
        return {
            "WebToken": environment.tokens.issue("web", username),
            "WebServerHostname": environment.record.web_server,
            "IamIdentity": x_lake_caller_arn.rpartition(":")[2],
            "AirflowIdentity": username,
        }

    @router.post("/restapi/{name}")
    async def invoke_rest_api(name: str, username: Username, document: Document) -> dict[str, Any]:
        environment = available(name)
        method, path = document.get("Method"), document.get("Path")
        query = document.get("QueryParameters") or {}
        if method not in REST_METHODS:
            raise ApiError("ValidationException", f"Method: one of {', '.join(REST_METHODS)}")
        if not isinstance(path, str) or not path:
            raise ApiError("ValidationException", "Path: the path of Airflow's REST API")
        if not isinstance(query, Mapping):
            raise ApiError("ValidationException", "QueryParameters: a JSON object")
        status, answer = await environment.host.web_server.invoke(
            method, path, username=username, query=query, body=document.get("Body")
        )
        return {"RestApiStatusCode": status, "RestApiResponse": answer}


def _add_tag_routes(router: APIRouter, service: Service) -> None:
    def tagged(arn: str) -> Environment:
        environment = service.get(unquote(arn).rpartition("/")[2])
        if environment.record.arn != unquote(arn):
            raise ApiError("ResourceNotFoundException", f"{unquote(arn)} is not found", status=404)
        return environment

    @router.get("/tags/{arn:path}")
    async def list_tags(arn: str) -> dict[str, Any]:
        return {"Tags": tagged(arn).record.tags}

    @router.post("/tags/{arn:path}")
    async def tag(arn: str, document: Document) -> dict[str, Any]:
        environment = tagged(arn)
        environment.tag({**environment.record.tags, **parse_tags(document.get("Tags"))})
        return {}

    @router.delete("/tags/{arn:path}")
    async def untag(
        arn: str, tag_keys: Annotated[list[str], Query(alias="tagKeys")]
    ) -> dict[str, Any]:
        environment = tagged(arn)
        environment.tag({k: v for k, v in environment.record.tags.items() if k not in tag_keys})
        return {}


def _add_database_route(router: APIRouter, service: Service) -> None:
    """What MWAA does not have; the embedded AWS leaves it to those who may do all of `airflow`."""

    @router.post("/reset-database/{name}")
    async def reset_database(name: str) -> dict[str, Any]:
        service.get(name).reset_database()
        return {}


def airflow_routes(service: Service) -> APIRouter:
    """What Airflow's own processes ask for: the role's credentials, and whether a token is good."""
    router = APIRouter()

    @router.get("/credentials/{name}")
    async def credentials(name: str, authorization: Annotated[str, Header()] = "") -> JSONResponse:
        environment = service.find_by_token(name, authorization)
        if not environment:
            return JSONResponse({"code": "AccessDenied", "message": "The token is wrong"}, 403)
        try:
            session = await environment.host.role.credentials()
        except ConfigurationError as error:
            return JSONResponse({"code": "AccessDenied", "message": str(error)}, 403)
        return JSONResponse(session.model_dump(mode="json", by_alias=True))

    @router.post("/tokens/{name}/{kind}")
    async def redeem(
        name: str, kind: Literal["cli", "web"], authorization: Annotated[str, Header()] = ""
    ) -> dict[str, Any]:
        environment = service.environments.get(name)
        token = authorization.removeprefix("Bearer ")
        username = environment.tokens.redeem(kind, token) if environment else None
        if not username:
            raise HTTPException(403, "The token is wrong or too old")
        return {"Username": username}

    return router


def add_error_answers(app: FastAPI) -> None:
    """Answer an ApiError as AWS's REST-JSON protocol has it."""

    @app.exception_handler(ApiError)
    async def answer(_: Request, error: ApiError) -> JSONResponse:
        document = {"__type": error.code, "message": str(error), **error.members}
        return JSONResponse(document, error.status, {"x-amzn-ErrorType": error.code})
