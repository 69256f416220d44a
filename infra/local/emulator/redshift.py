"""Redshift Serverless and its Data API, which ministack does not have."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.emulator.seam import authorization
from infra.local.emulator.seam.own_services import add_service
from infra.local.emulator.seam.services import (
    AwsError,
    Handler,
    Request,
    Response,
    account_id,
    call,
    query_call,
    region,
)
from infra.local.emulator.settings import EmulatorSettings
from infra.local.redshift.errors import ApiError
from infra.local.redshift.identity import db_user

if TYPE_CHECKING:
    from infra.local.redshift.data import DataApi
    from infra.local.redshift.serverless import ControlPlane
    from infra.local.redshift.warehouse import Warehouse

type Answering = Callable[[str, dict[str, Any], Request], Awaitable[dict[str, Any]]]

_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}


class Redshift:
    """Both services. What a first call needs is imported and made with it."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._state: dict[str, Any] = {}
        self._data: DataApi | None = None
        self._lock = threading.Lock()

    def install(self) -> None:
        """Serve them, the one on the event loop, the other on threads."""
        add_service(
            "redshift-serverless",
            target_prefix="RedshiftServerless",
            handler=_json_service(self._control),
            state=self._state,
            changes=("secretsmanager",),
        )
        add_service(
            "redshift-data",
            target_prefix="RedshiftData",
            handler=_json_service(self._answer_data),
        )

    def close(self) -> None:
        """Cancel the statements that run."""
        if self._data is not None:
            self._data.close()

    def control_plane(self) -> ControlPlane:
        """That of the account and region of the request that is being answered."""
        from infra.local.redshift.api_model import ApiModel  # noqa: PLC0415 - when it is needed
        from infra.local.redshift.serverless import ControlPlane  # noqa: PLC0415 - likewise
        from infra.local.redshift.serverless.register import Register  # noqa: PLC0415 - likewise

        return ControlPlane(
            register=Register.of(self._state, account_id=account_id(), region=region()),
            surroundings=_Ministack(self._drop_data),
            api=ApiModel.of("redshift-serverless"),
        )

    # What authorization looks up

    def workgroup_arn(self, name_or_arn: str) -> str | None:
        """The ARN of a work group, or None."""
        try:
            return self.control_plane().warehouse(name_or_arn).workgroup_arn
        except ApiError:
            return None

    def namespace_arn(self, name: str) -> str | None:
        """The ARN of a namespace, or None."""
        namespace = self.control_plane().register.namespaces.get(name)
        return namespace["namespaceArn"] if namespace else None

    def workgroup_arn_of_session(self, session_id: str) -> str | None:
        """The ARN of the work group of a kept session, or None."""
        return self._made_data().workgroup_arn_of_session(session_id)

    def statement_owner(self, statement_id: str) -> str | None:
        """The `aws:userid` of who sent a statement, or None."""
        return self._made_data().owner_of(statement_id)

    # Answering

    async def _control(
        self, operation: str, parameters: dict[str, Any], _: Request
    ) -> dict[str, Any]:
        user = db_user(authorization.caller_arn())
        return self.control_plane().handle(operation, parameters, db_user=user)

    async def _answer_data(
        self, operation: str, parameters: dict[str, Any], request: Request
    ) -> dict[str, Any]:
        data = await asyncio.to_thread(self._made_data)
        warehouse = self._named_warehouse(parameters)
        from infra.local.redshift.data import Caller, Credentials  # noqa: PLC0415 - made above

        caller = Caller(
            arn=authorization.caller_arn(),
            user_id=authorization.caller_user_id(request),
            credentials=Credentials(*authorization.caller_credentials(request)),
        )
        wait_seconds = parameters.get("WaitTimeSeconds")
        if wait_seconds and "Id" in parameters:
            await _ended(data, parameters["Id"], wait_seconds)
        answer = await asyncio.to_thread(data.handle, operation, parameters, caller, warehouse)
        if wait_seconds and operation.endswith("ExecuteStatement"):
            await _ended(data, answer["Id"], wait_seconds)
            asked = {"Id": answer["Id"]}
            ended = await asyncio.to_thread(data.handle, "DescribeStatement", asked, caller, None)
            answer |= {name: ended[name] for name in ("Status", "HasResultSet", "RedshiftPid")}
        return answer

    def _named_warehouse(self, parameters: dict[str, Any]) -> Warehouse | None:
        name = parameters.get("WorkgroupName")
        if not isinstance(name, str):
            return None
        try:
            return self.control_plane().warehouse(name)
        except ApiError as error:
            code = "ValidationException"
            raise ApiError(code, f"Redshift endpoint doesn't exist: {error}") from error

    def _made_data(self) -> DataApi:
        from infra.local.redshift.data import DataApi  # noqa: PLC0415 - takes a second

        with self._lock:
            if self._data is None:
                self._data = DataApi(
                    endpoint=self._settings.endpoint_url,
                    control_key=self._settings.control_key,
                    state_dir=self._folder,
                )
                self._data.databases.keep_only(self._namespace_ids())
            return self._data

    @property
    def _folder(self) -> Path:
        return self._settings.state_dir / "redshift"

    def _namespace_ids(self) -> set[str]:
        """Of every account and region."""
        return {
            namespace["namespaceId"]
            for held in self._state.values()
            for namespace in held["namespaces"].values()
        }

    def _drop_data(self, namespace_id: str) -> None:
        if self._data is not None:
            self._data.drop_namespace(namespace_id)
        else:
            shutil.rmtree(self._folder / "namespaces" / namespace_id, ignore_errors=True)


async def _ended(data: DataApi, statement_id: str, wait_seconds: int) -> None:
    """Wait until a statement has ended, at most so long."""
    ending = data.ending(statement_id)
    if ending is not None:
        await asyncio.wait([asyncio.wrap_future(ending)], timeout=wait_seconds)


def _json_service(answering: Answering) -> Handler:
    """A service of the JSON protocol; a refusal becomes an answer with HTTP 400."""

    async def handle(request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            parameters = json.loads(request.body or b"{}")
            status, answer = 200, await answering(operation, parameters, request)
        except ApiError as error:
            status, answer = 400, error.as_answer()
        except ValueError as error:
            status, answer = 400, ApiError("SerializationException", str(error)).as_answer()
        return Response(status, dict(_HEADERS), json.dumps(answer).encode())

    return handle


class _Ministack:
    """What the control plane needs of ministack's services."""

    def __init__(self, drop_data: Callable[[str], None]) -> None:
        self.drop_data = drop_data

    def make_secret(self, name: str, *, text: str, kms_key_id: str | None) -> str:
        """Keep a secret, in place of one that has the name; its ARN comes back."""
        self.drop_secret(name)
        request = {"Name": name, "SecretString": text}
        made = _secrets("CreateSecret", request | ({"KmsKeyId": kms_key_id} if kms_key_id else {}))
        return str(made["ARN"])

    def drop_secret(self, arn: str) -> None:
        """Delete a secret for good; nothing where there is none."""
        try:
            _secrets("DeleteSecret", {"SecretId": arn, "ForceDeleteWithoutRecovery": True})
        except AwsError as error:
            if "ResourceNotFoundException" not in str(error):
                raise

    def zones_of(self, subnet_ids: Sequence[str]) -> dict[str, str]:
        """The zone of each subnet that exists."""
        found = query_call("ec2", "DescribeSubnets", {})
        zones = {}
        for item in found.iter():
            fields = {child.tag.rpartition("}")[2]: child.text or "" for child in item}
            if fields.get("subnetId") in subnet_ids and "availabilityZone" in fields:
                zones[fields["subnetId"]] = fields["availabilityZone"]
        return zones


def _secrets(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    headers = {"x-amz-target": f"secretsmanager.{operation}"}
    body = json.dumps(request).encode()
    answer = call("secretsmanager", "POST", "/", headers=headers, body=body)
    parsed: dict[str, Any] = json.loads(answer.body)
    return parsed
