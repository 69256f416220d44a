"""What a CloudFormation resource type of ours is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Properties = Mapping[str, Any]
"""A resource's properties, every reference in them resolved."""


class UnsupportedProperty(Exception):
    """A property that would be dropped in silence; the text names it."""


def refuse_unsupported(name: str, unsupported: Collection[str], supported: Collection[str]) -> None:
    """Raise UnsupportedProperty for properties that a type `name` does not make, if any."""
    if unsupported:
        raise UnsupportedProperty(
            f"{name}: the embedded AWS cannot set {', '.join(unsupported)}; "
            f"it can set {', '.join(sorted(supported))}"
        )


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A resource as a stack declares it."""

    stack: str
    logical_id: str
    properties: Properties

    @property
    def owner(self) -> str:
        """Who owns the resource, the same in every deployment of the stack."""
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """A resource as it was made: what `Ref` and `Fn::GetAtt` answer."""

    physical_id: str
    attributes: Mapping[str, Any]


class ResourceType(Protocol):
    """Makes, changes and deletes the resources of one type.

    A method that raises fails the operation; the exception's text is the reason that
    CloudFormation shows, and what was made so far is rolled back. Deleting what is gone succeeds.
    """

    @property
    def waits(self) -> bool:
        """Whether a method may block: it then runs on a thread of its own, off the event loop.

        A type that does not wait is atomic under a kill: the resource and the stack's record of
        it are saved together, or neither is.
        """

    def create(self, declared: Declared) -> Provisioned:
        """Make the resource."""

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the resource; another physical id in the answer says that it was replaced."""

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource."""
