"""STS: sessions for services, so that trust policies are evaluated as AWS evaluates them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from infra.local.emulator.seam import authorization as seam
from infra.local.emulator.seam.services import (
    Handler,
    Request,
    Response,
    account_id,
    wrap_service,
)

SERVICE_HEADER = "x-lake-service"
SOURCE_ARN_HEADER = "x-lake-source-arn"
CONTROL_KEY_HEADER = "x-lake-control-key"


@dataclass(frozen=True, kw_only=True)
class CallingService:
    """An AWS service that acts for a resource of the account."""

    principal: str
    source_arn: str
    """The resource, as the condition key `aws:SourceArn` has it."""


_calling_service: ContextVar[CallingService | None] = ContextVar("calling_service", default=None)


def install(*, control_key: str) -> None:
    """Let who holds `control_key` call STS as the AWS service that it names."""

    def identify(handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            _calling_service.set(_named_service(request.headers, control_key))
            return await handler(request)

        return handle

    wrap_service("sts", identify)
    seam.wrap_caller_identity(_service_identity)
    seam.wrap_principal_match(_match_services_exactly)


def _named_service(headers: Mapping[str, str], control_key: str) -> CallingService | None:
    given = headers.get(CONTROL_KEY_HEADER, "")
    principal = headers.get(SERVICE_HEADER)
    if principal is None or not hmac.compare_digest(given.encode(), control_key.encode()):
        return None
    return CallingService(principal=principal, source_arn=headers.get(SOURCE_ARN_HEADER, ""))


def _service_identity() -> Mapping[str, Any] | None:
    service = _calling_service.get()
    if service is None:
        return None
    return {
        "accessKey": "",
        "accountId": account_id(),
        "userArn": service.principal,
        "userId": service.principal,
        "principalType": "AWSService",
        "principalName": service.principal,
        "isTemporary": False,
        "principalKeys": {
            "aws:sourcearn": service.source_arn,
            "aws:sourceaccount": account_id(),
        },
    }


def _match_services_exactly(principal_matches: seam.PrincipalMatch) -> seam.PrincipalMatch:
    """`Service` names a service alone; as it is, it lets the root user through as well."""

    def matches(principal: object, caller_arn: str) -> bool:
        if not isinstance(principal, dict):
            return principal_matches(principal, caller_arn)
        if caller_arn.startswith("arn:"):
            others = {kind: value for kind, value in principal.items() if kind != "Service"}
            return principal_matches(others, caller_arn)
        services = principal.get("Service", [])
        return caller_arn in ([services] if isinstance(services, str) else services)

    return matches
