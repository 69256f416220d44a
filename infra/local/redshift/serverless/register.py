"""What one account has in one region, as JSON that is changed in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.redshift.errors import ApiError, invalid

type Document = dict[str, Any]
"""A resource in the API's shape."""

_MOST_TAGS = 200
_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Register:
    """Namespaces and work groups by name, usage limits by id, tags by ARN."""

    account_id: str
    region: str
    namespaces: dict[str, Document] = field(default_factory=dict)
    workgroups: dict[str, Document] = field(default_factory=dict)
    usage_limits: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: dict[str, Any], *, account_id: str, region: str) -> Register:
        """The part of `state` that belongs to the account and region."""
        held = state.setdefault(f"{account_id}/{region}", {})
        return cls(
            account_id=account_id,
            region=region,
            namespaces=held.setdefault("namespaces", {}),
            workgroups=held.setdefault("workgroups", {}),
            usage_limits=held.setdefault("usageLimits", {}),
            tags=held.setdefault("tags", {}),
        )

    def arn(self, kind: str, id: str) -> str:
        """The ARN of a resource."""
        return f"arn:aws:redshift-serverless:{self.region}:{self.account_id}:{kind}/{id}"

    def namespace(self, name: str) -> Document:
        """The namespace.

        Raises:
            ApiError: there is none of that name.
        """
        return _found(self.namespaces, name, "Namespace")

    def workgroup(self, name: str) -> Document:
        """The work group.

        Raises:
            ApiError: there is none of that name.
        """
        return _found(self.workgroups, name, "Workgroup")

    def usage_limit(self, id: str) -> Document:
        """The usage limit.

        Raises:
            ApiError: there is none with that id.
        """
        return _found(self.usage_limits, id, "Usage limit")

    def tagged(self, arn: str) -> dict[str, str]:
        """The tags of a resource, to be changed in place.

        Raises:
            ApiError: there is no resource with that ARN.
        """
        known = [each["namespaceArn"] for each in self.namespaces.values()]
        known += [each["workgroupArn"] for each in self.workgroups.values()]
        if arn not in known:
            raise not_found(f"Resource {arn} was not found.", arn)
        return self.tags.setdefault(arn, {})

    def tag(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        """Add tags to a resource.

        Raises:
            ApiError: there is no such resource, or it would have too many.
        """
        held = self.tagged(arn)
        added = {each["key"]: each["value"] for each in tags}
        if len(held | added) > _MOST_TAGS:
            raise ApiError(
                "TooManyTagsException", f"A resource has at most {_MOST_TAGS} tags.",
                resourceName=arn,
            )  # fmt: skip
        held.update(added)


def not_found(message: str, resource: str) -> ApiError:
    """There is no such resource."""
    return ApiError("ResourceNotFoundException", message, resourceName=resource)


def _found(among: Mapping[str, Document], key: str, kind: str) -> Document:
    if key not in among:
        raise not_found(f"{kind} {key} was not found.", key)
    return among[key]


def page(documents: Sequence[Document], request: Mapping[str, Any], name: str) -> Document:
    """A page of a list operation.

    Raises:
        ApiError: the token is none of this service.
    """
    token = request.get("nextToken") or "00000000"
    if not token.isdigit():
        raise invalid("The nextToken is not valid.")
    start = int(token)
    end = start + int(request.get("maxResults") or _PAGE)
    answer: Document = {name: list(documents[start:end])}
    if end < len(documents):
        answer["nextToken"] = f"{end:08d}"
    return answer
