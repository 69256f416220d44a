"""ministack's IAM and STS: who calls, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from infra.local.emulator.seam.services import Request, Response

_actions: Any = import_module("ministack.core.iam_actions")
_app: Any = import_module("ministack.app")
_evaluator: Any = import_module("ministack.core.iam_evaluator")
_iam: Any = import_module("ministack.services.iam")
_router: Any = import_module("ministack.core.router")
_sts: Any = import_module("ministack.services.sts")

type Denial = object
"""ministack's reason why a request is refused."""
type PrincipalMatch = Callable[[object, str], bool]
"""Whether a `Principal` of a policy names the caller with an ARN."""


class Enforce(Protocol):
    """Authorizes the request that is being answered on one more resource."""

    def __call__(
        self, arn: str, *, action: str | None = None, keys: Mapping[str, str] | None = None
    ) -> Denial | None:
        """The denial of the request's action, or of another, with further condition keys."""
        ...


def treat_every_request_as_secure() -> None:
    """Let `aws:SecureTransport` be true: plain http never leaves 127.0.0.1."""
    pin = _app.pin_request_origin
    _app.pin_request_origin = lambda address, _secure: pin(address, True)


def limit_root_to(access_key_id: str) -> None:
    """Let one access key alone be the root user.

    As it is, an unsigned request and any number of twelve digits are root as well.
    """
    _evaluator.is_root_access_key = lambda candidate: candidate == access_key_id


def caller_arn() -> str:
    """Who makes the request that is being answered."""
    return str(_evaluator.caller_arn())


def caller_credentials(request: Request) -> tuple[str, str, str | None]:
    """Access key, secret and session token of the caller, whose signature was checked."""
    access_key_id = _router.extract_access_key_id(dict(request.headers), dict(request.query))
    credential = _evaluator.resolve_credential(access_key_id)
    return access_key_id, credential.secret_access_key, credential.session_token


def caller_user_id(request: Request) -> str:
    """What `aws:userid` is for the caller: of a role its id and the session's name."""
    access_key_id = _router.extract_access_key_id(dict(request.headers), dict(request.query))
    return str((_evaluator.resolve_caller_identity(access_key_id) or {}).get("userId", ""))


def wrap_caller_identity(service: Callable[[], Mapping[str, Any] | None]) -> None:
    """Let STS take the identity that `service` returns, if any, for the caller's."""
    original = _sts._caller_identity

    def identity(headers: dict[str, str], query: object = None) -> object:
        return service() or original(headers, query)

    _sts._caller_identity = identity


def wrap_principal_match(wrap: Callable[[PrincipalMatch], PrincipalMatch]) -> None:
    """Put `wrap` around the matching of principals."""
    _evaluator._principal_matches = wrap(_evaluator._principal_matches)


def iam_action(service: str, request: Request) -> str:
    """The IAM action of a request."""
    return str(_actions.extract_iam_action(service, *request.arguments()))


def wrap_iam_action(
    name: Callable[[str, Request, Callable[[Request], str | None]], str],
) -> None:
    """Let `name` name the action of a service's request; it gets ministack's own naming too."""
    original = _actions.extract_iam_action

    def extract(  # noqa: PLR0917 - ministack's signature
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> str:
        request = Request(method=method, path=path, headers=headers, body=body, query=query)
        return name(service, request, lambda asked: original(service, *asked.arguments()))

    _actions.extract_iam_action = extract


def wrap_resource_arn(name: Callable[[str, Request], str | None]) -> None:
    """Let `name` name the resource of a service's request; for None ministack names it."""
    original = _actions.extract_resource_arn

    def extract(  # noqa: PLR0917 - ministack's signature
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        region: str,
        account_id: str,
    ) -> str:
        request = Request(method=method, path=path, headers=headers, body=body, query=query)
        named = name(service, request)
        if named is None:
            named = original(service, *request.arguments(), region, account_id)
        return str(named) if type(named) is str else named

    _actions.extract_resource_arn = extract


_BY_TOKEN = frozenset({"sts:AssumeRoleWithWebIdentity"})
"""Calls that carry no signature: STS holds the token against the role's trust policy."""


def wrap_enforce(enforce_all: Callable[[str, Enforce], Denial | None]) -> None:
    """Let `enforce_all` authorize a resource; it may ask for any number of others."""
    original = _evaluator.enforce

    def enforce(  # noqa: PLR0917 - ministack's signature
        access_key: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Denial | None:
        if iam_action in _BY_TOKEN:
            return None

        def one(
            arn: str, *, action: str | None = None, keys: Mapping[str, str] | None = None
        ) -> Denial | None:
            context = {**(service_context or {}), **(keys or {})}
            denial: Denial | None = original(
                access_key, action or iam_action, service, region, arn, context
            )
            return denial

        return enforce_all(resource_arn, one)

    _evaluator.enforce = enforce


_VARIABLE = re.compile(r"\$\{([\w:./-]+)\}")


def resolve_policy_variables() -> None:
    """Let a condition of a policy name the request, as in `${aws:userid}`.

    As it is, such a text is compared as it stands. A variable without a value matches nothing.
    """
    original = _evaluator._conditions_met

    def met(conditions: dict[str, Any], context: object) -> bool:
        def value_of(variable: re.Match[str]) -> str:
            value = _evaluator._resolve_condition_key(variable[1], context)
            return str(value) if value is not None else variable[0]

        def resolved(expected: Any) -> Any:
            if isinstance(expected, list):
                return [resolved(each) for each in expected]
            return _VARIABLE.sub(value_of, expected) if isinstance(expected, str) else expected

        answer: bool = original(
            {
                operator: {key: resolved(value) for key, value in keys.items()}
                if isinstance(keys, dict)
                else keys
                for operator, keys in conditions.items()
            },
            context,
        )
        return answer

    _evaluator._conditions_met = met


def take_roles_for_principals() -> None:
    """Let `aws:PrincipalArn` be the ARN of a session's role; as it is, it is that of the session.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    original = _evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        if key.lower() == "aws:principalarn" and context.principal_type == "AssumedRole":
            name = _evaluator._role_name_from_assumed_arn(context.principal_arn)
            role = _iam._roles.get_scoped(context.principal_account, None, name)
            return role["Arn"] if role else None
        return original(key, context)

    _evaluator._resolve_condition_key = resolve


def name_resource_in_denials(denied: Callable[[], tuple[str | None, str]]) -> None:
    """Let the message of a denial name the resource, in AWS's words.

    `denied` gives the action, None for that of the request, and the resource.
    """
    original = _actions.access_denied_response

    def respond(
        service: str, action: str, principal: str, request_id: str, **details: object
    ) -> Response:
        explicit = bool(details.get("explicit_deny"))
        denied_action, details["resource_arn"] = denied()
        action = denied_action or action
        by_resource_policy = explicit and details.get("resource_policy_arn")
        if not details.get("error_code") and not by_resource_policy:
            details["message"] = _actions.identity_denial_message(
                action, principal, details["resource_arn"], explicit
            )
        return Response(*original(service, action, principal, request_id, **details))

    _actions.access_denied_response = respond


@dataclass(frozen=True)
class DeleteTarget:
    """An object, or a version of one, that a DeleteObjects call names."""

    arn: str
    version_id: str


def batch_delete_targets(bucket: str, body: bytes) -> list[DeleteTarget]:
    """What a DeleteObjects call deletes."""
    return [DeleteTarget(*target) for target in _actions._s3_batch_delete_targets(bucket, body)]


def failure(service: str, request: Request, *, code: str, message: str, status: int) -> Response:
    """An error of a service, in the service's protocol."""
    _, headers, body = _actions.access_denied_response(
        service, "", "", "", error_code=code, message=message, headers=dict(request.headers)
    )
    return Response(status, headers, body)
