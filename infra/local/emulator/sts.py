"""STS: sessions for services, so that trust policies are evaluated as AWS evaluates them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from infra.local.emulator import seam

SERVICE_HEADER = "x-lake-service"
CONTROL_KEY_HEADER = "x-lake-control-key"

_calling_service: ContextVar[str | None] = ContextVar("calling_service", default=None)


def install(*, control_key: str) -> None:
    """Let who holds `control_key` call STS as the AWS service that it names."""

    def identify(handler: seam.Handler) -> seam.Handler:
        async def handle(
            method: str,
            path: str,
            headers: dict[str, str],
            body: bytes,
            query: dict[str, list[str]],
        ) -> seam.Response:
            _calling_service.set(_named_service(headers, control_key))
            return await handler(method, path, headers, body, query)

        return handle

    seam.wrap_service("sts", identify)
    seam.wrap_caller_identity(_service_or_caller)
    seam.wrap_principal_match(_match_services_exactly)


def _named_service(headers: dict[str, str], control_key: str) -> str | None:
    given = headers.get(CONTROL_KEY_HEADER, "")
    if not hmac.compare_digest(given.encode(), control_key.encode()):
        return None
    return headers.get(SERVICE_HEADER)


def _service_or_caller(caller_identity: Callable[..., Any]) -> Callable[..., Any]:
    def identity(*arguments: Any) -> Any:
        service = _calling_service.get()
        if service is None:
            return caller_identity(*arguments)
        return {
            "accessKey": "",
            "accountId": seam.account_id(),
            "userArn": service,
            "userId": service,
            "principalType": "AWSService",
            "principalName": service,
            "isTemporary": False,
            "principalKeys": {},
        }

    return identity


def _match_services_exactly(
    principal_matches: Callable[[Any, str], bool],
) -> Callable[[Any, str], bool]:
    """`Service` names a service alone; as it is, it lets the root user through as well."""

    def matches(principal: Any, caller_arn: str) -> bool:
        if not isinstance(principal, dict):
            return principal_matches(principal, caller_arn)
        if caller_arn.startswith("arn:"):
            others = {kind: value for kind, value in principal.items() if kind != "Service"}
            return principal_matches(others, caller_arn)
        services = principal.get("Service", [])
        return caller_arn in ([services] if isinstance(services, str) else services)

    return matches
