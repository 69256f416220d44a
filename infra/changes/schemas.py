"""Which properties of a resource type replace the resource when they change.

Source: CloudFormation's own schemas of the types (createOnlyProperties), which cfn-lint ships.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

REGION = "us-east-1"
"""The schemas of the regions differ in which types they have, not in this."""

type Path = tuple[str, ...]
"""The names that lead to a property."""


@dataclass(frozen=True, kw_only=True)
class Replacing:
    """What CloudFormation says of a type."""

    always: tuple[Path, ...] = ()
    """A change of one of these makes a new resource."""
    perhaps: tuple[Path, ...] = ()
    """A change of one of these may."""
    names: tuple[Path, ...] = ()
    """What identifies a resource and is given by a template: there is one of a name."""


@cache
def replacing_properties(type: str) -> Replacing:
    """What replaces a resource of the type; nothing of a type without a schema."""
    from cfnlint.schema import (  # type: ignore[import-untyped]  # noqa: PLC0415  # seconds
        PROVIDER_SCHEMA_MANAGER,
        ResourceNotFoundError,
    )

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type).schema
    except ResourceNotFoundError:
        return Replacing()
    read_only = set(schema.get("readOnlyProperties") or ())
    return Replacing(
        always=_paths(schema.get("createOnlyProperties") or ()),
        perhaps=_paths(schema.get("conditionalCreateOnlyProperties") or ()),
        names=_paths(
            name for name in schema.get("primaryIdentifier") or () if name not in read_only
        ),
    )


def _paths(pointers: Iterable[str]) -> tuple[Path, ...]:
    """`/properties/A/B` as the names A and B."""
    return tuple(tuple(pointer.split("/")[2:]) for pointer in pointers)
