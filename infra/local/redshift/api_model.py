"""An API as its SDK describes it: what a request must hold, and which types its values have.

Source of the messages: what services of AWS answer to a request that breaks a constraint of their
model, for example
https://docs.aws.amazon.com/redshift-data/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, Self

import botocore.session
from botocore.model import (
    ListShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

from infra.local.redshift.errors import ApiError, invalid

_INTEGERS = ("integer", "long")
_TYPES: Mapping[str, type] = {
    "boolean": bool,
    "integer": int,
    "list": list,
    "long": int,
    "string": str,
    "structure": dict,
}


class ApiModel:
    """The description of one service, read when it is first needed."""

    def __init__(self, service: str) -> None:
        self._service = service

    @classmethod
    @cache
    def of(cls, service: str) -> Self:
        """The one that the process reads once."""
        return cls(service)

    @cached_property
    def _model(self) -> ServiceModel:
        return botocore.session.get_session().get_service_model(self._service)

    def operation(self, name: str) -> OperationModel:
        """The operation called `name`.

        Raises:
            ApiError: there is none.
        """
        if name not in self._model.operation_names:
            raise ApiError("UnknownOperationException", f"unknown operation {name!r}")
        return self._model.operation_model(name)

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        """Refuse a request that breaks a constraint of the model.

        Raises:
            ApiError: names every constraint that is broken.
        """
        shape = self.operation(operation).input_shape
        broken = list(_broken(shape, request, "")) if shape else []
        if broken:
            count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
            raise invalid(count + "; ".join(broken))

    def accepted(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` that the operation takes, each in the type that it has there.

        CloudFormation hands over numbers and booleans as texts.
        """
        shape = self.operation(operation).input_shape
        members = shape.members if shape else {}
        return {
            name: _typed(members[name], each) for name, each in values.items() if name in members
        }


def _typed(shape: Shape, value: Any) -> Any:
    if shape.type_name in _INTEGERS and isinstance(value, str) and value.isdigit():
        return int(value)
    if shape.type_name == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    return value


def _broken(shape: Shape, value: Any, at: str) -> Iterator[str]:
    """What is wrong with a value, in the words of the service's front."""
    if not _is_a(shape.type_name, value):
        yield _failed(shape, value, at, f"Member must be a {shape.type_name}")
    elif isinstance(shape, StructureShape):
        yield from _broken_members(shape, value, at)
    elif isinstance(shape, ListShape):
        yield from _outside(shape, len(value), value, at)
        for index, item in enumerate(value, start=1):
            yield from _broken(shape.member, item, f"{at}.{index}.member")
    elif isinstance(shape, StringShape):
        yield from _outside(shape, len(value), value, at)
        yield from _broken_text(shape, value, at)
    elif shape.type_name in _INTEGERS:
        yield from _outside(shape, value, value, at)


def _is_a(type_name: str, value: Any) -> bool:
    expected = _TYPES.get(type_name, object)
    return isinstance(value, expected) and not (expected is int and isinstance(value, bool))


def _broken_members(shape: StructureShape, value: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{at}.{name}" if at else name
        if value.get(name) is not None:
            yield from _broken(member, value[name], place)
        elif name in shape.required_members:
            yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def _broken_text(shape: StringShape, value: str, at: str) -> Iterator[str]:
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        rule = f"Member must satisfy regular expression pattern: {pattern}"
        yield _failed(shape, value, at, rule)
    if shape.enum and value not in shape.enum:
        yield _failed(shape, value, at, f"Member must satisfy enum value set: {shape.enum}")


def _outside(shape: Shape, size: int, value: Any, at: str) -> Iterator[str]:
    what = "value" if shape.type_name in _INTEGERS else "length"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        rule = f"Member must have {what} greater than or equal to {least}"
        yield _failed(shape, value, at, rule)
    if most is not None and size > most:
        rule = f"Member must have {what} less than or equal to {most}"
        yield _failed(shape, value, at, rule)


def _failed(shape: Shape, value: Any, at: str, rule: str) -> str:
    shown = "***" if shape.metadata.get("sensitive") else value
    return f"Value '{shown}' at '{at}' failed to satisfy constraint: {rule}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
