"""The only module that knows ministack's private names.

Everything here is held by `contract.py`. ministack reads its environment while it is imported, so
this module is imported after `EmulatorSettings.ministack_environment` was set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from infra.local.emulator.cloudformation.resource import Declared, Provisioned, ResourceType

_app: Any = import_module("ministack.app")
_persistence: Any = import_module("ministack.core.persistence")
_responses: Any = import_module("ministack.core.responses")
_provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
_cloudformation: Any = import_module("ministack.services.cloudformation")
_stacks: Any = import_module("ministack.services.cloudformation.stacks")
_evaluator: Any = import_module("ministack.core.iam_evaluator")
_actions: Any = import_module("ministack.core.iam_actions")
_sts: Any = import_module("ministack.services.sts")

type Response = tuple[int, dict[str, str], Any]
"""Status, headers and body of an answer."""
type Handler = Callable[
    [str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Response]
]
"""A service: method, path, headers, body and query in, the answer out."""

asgi_app = _app.app


class AwsError(Exception):
    """A service refused a call that was made in process; the text is the service's."""


def account_id() -> str:
    """The account of the request that is being answered."""
    return str(_responses.get_account_id())


def region() -> str:
    """The region of the request that is being answered."""
    return str(_responses.get_region())


def wrap_service(service: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put `wrap` around the handler of `service`."""
    _app.SERVICE_HANDLERS[service] = wrap(_app.SERVICE_HANDLERS[service])


def services() -> tuple[str, ...]:
    """Every service that is served."""
    return tuple(_app.SERVICE_HANDLERS)


# ---------------------------------------------------------------- calls without HTTP


def call(
    service: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Response:
    """Call a service as the root user, in this process, from the event loop or any thread.

    On the event loop the call must not wait; every handler that is used here answers at once.

    Raises:
        AwsError: the service answered with a status of 300 or more.
    """
    handler = _app._get_module(_app.SERVICE_REGISTRY[service]["module"]).handle_request
    arguments = (method, path, dict(headers or {}), body, parse_qs(urlencode(query or {}), True))
    if service == "s3":  # without this an unsigned call is an anonymous one
        handler = _internal(handler)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        answer: Response = _app.call_service_handler_sync(handler, *arguments)
    else:
        answer = _finish_at_once(handler(*arguments))
    status, _, payload = answer
    if status >= 300:  # noqa: PLR2004 - the end of HTTP's success range
        text = payload.decode(errors="replace") if isinstance(payload, bytes) else str(payload)
        raise AwsError(f"{service} {method} {path}: {status} {text}")
    return answer


def _internal(handler: Any) -> Any:
    def internal(*arguments: Any) -> Any:
        return handler(*arguments, internal=True)

    return internal


def _finish_at_once(answering: Any) -> Response:
    try:
        answering.send(None)
    except StopIteration as finished:
        answer: Response = finished.value
        return answer
    answering.close()
    raise RuntimeError("a service waited in a call that was made on the event loop")


def query_call(service: str, action: str, parameters: Mapping[str, str]) -> Element:
    """Call a service of the query protocol, such as EC2, in this process; its XML comes back.

    Raises:
        AwsError: the service refused.
    """
    body = urlencode({"Action": action, **parameters}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    _, _, payload = call(service, "POST", "/", headers=form, body=body)
    root: Element = ElementTree.fromstring(payload)
    return root


# ---------------------------------------------------------------- CloudFormation


def register_resource_type(name: str, resource_type: ResourceType) -> None:
    """Let CloudFormation make resources of the type `name`, in place of ministack's own."""

    def create(
        logical_id: str, properties: dict[str, Any], stack: str
    ) -> tuple[str, dict[str, Any]]:
        return _answer(
            resource_type.create(
                Declared(stack=stack, logical_id=logical_id, properties=properties)
            )
        )

    def update(
        physical_id: str,
        previous: dict[str, Any],
        properties: dict[str, Any],
        stack: str,
        logical_id: str,
    ) -> tuple[str, dict[str, Any]]:
        declared = Declared(stack=stack, logical_id=logical_id, properties=properties)
        return _answer(resource_type.update(physical_id, declared, previous))

    _provisioners._RESOURCE_HANDLERS[name] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": resource_type.delete,
    }
    _waiting[name] = resource_type.waits


def _answer(provisioned: Provisioned) -> tuple[str, dict[str, Any]]:
    return provisioned.physical_id, dict(provisioned.attributes)


_waiting: dict[str, bool] = {}
_runs_on_worker_thread = _stacks._runs_on_worker_thread


def _waits(resource_type: str) -> bool:
    answer: bool = _waiting.get(resource_type, _runs_on_worker_thread(resource_type))
    return answer


_stacks._runs_on_worker_thread = _waits


# ---------------------------------------------------------------- who calls, and what is allowed


def treat_every_request_as_secure() -> None:
    """Let `aws:SecureTransport` be true: plain http never leaves 127.0.0.1."""
    pin = _app.pin_request_origin
    _app.pin_request_origin = lambda address, _secure: pin(address, True)


def limit_root_to(access_key_id: str) -> None:
    """Let one access key alone be the root user.

    As it is, an unsigned request and any number of twelve digits are root as well.
    """
    _evaluator.is_root_access_key = lambda candidate: candidate == access_key_id


def wrap_caller_identity(wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `wrap` around STS's answer to who calls."""
    _sts._caller_identity = wrap(_sts._caller_identity)


def wrap_principal_match(
    wrap: Callable[[Callable[[Any, str], bool]], Callable[[Any, str], bool]],
) -> None:
    """Put `wrap` around the question whether a `Principal` of a policy names a caller's ARN."""
    _evaluator._principal_matches = wrap(_evaluator._principal_matches)


def caller_arn() -> str:
    """Who makes the request that is being answered."""
    return str(_evaluator.caller_arn())


def iam_action(
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, list[str]],
) -> str:
    """The IAM action of a request."""
    return str(_actions.extract_iam_action(service, method, path, headers, body, query))


def wrap_iam_action(wrap: Callable[[IamAction], IamAction]) -> None:
    """Put `wrap` around the question which IAM action a request is."""
    _actions.extract_iam_action = wrap(_actions.extract_iam_action)


def wrap_resource_arn(wrap: Callable[[ResourceArn], ResourceArn]) -> None:
    """Put `wrap` around the question which resource a request is authorized on."""
    _actions.extract_resource_arn = wrap(_actions.extract_resource_arn)


def wrap_enforce(wrap: Callable[[Enforce], Enforce]) -> None:
    """Put `wrap` around the authorization of an action on a resource."""
    _evaluator.enforce = wrap(_evaluator.enforce)


def wrap_access_denied(wrap: Callable[[AccessDenied], AccessDenied]) -> None:
    """Put `wrap` around the answer to a request that was denied."""
    _actions.access_denied_response = wrap(_actions.access_denied_response)


def identity_denial_message(action: str, principal: str, resource: str, explicit: bool) -> str:
    """The message of a denial, in AWS's words."""
    return str(_actions.identity_denial_message(action, principal, resource, explicit))


@dataclass(frozen=True)
class DeleteTarget:
    """An object, or a version of one, that a DeleteObjects call names."""

    arn: str
    version_id: str


def batch_delete_targets(bucket: str, body: bytes) -> list[DeleteTarget]:
    """What a DeleteObjects call deletes."""
    return [DeleteTarget(*target) for target in _actions._s3_batch_delete_targets(bucket, body)]


def record_in_progress(declared: Declared, resource_type: str, physical_id: str) -> None:
    """Let the stack know of a resource before it is made, so that a killed create is cleaned up."""
    stack = _cloudformation._stacks[declared.stack]
    stack.setdefault("_resources", {})[declared.logical_id] = {
        "PhysicalResourceId": physical_id,
        "ResourceType": resource_type,
        "ResourceStatus": "IN_PROGRESS",
        "LogicalResourceId": declared.logical_id,
        "Properties": dict(declared.properties),
        "Attributes": {},
        "Timestamp": _responses.now_iso(),
    }
