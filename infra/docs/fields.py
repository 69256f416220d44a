"""What a declaration says of its keys: type, default, example and meaning."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from lake.dataset.declaration import Declaration
from pydantic.fields import FieldInfo

_NAMES = {str: "text", int: "integer", float: "number", bool: "boolean"}
_LIMITS = {Ge: ("ge", "≥ {}"), Gt: ("gt", "> {}"), Le: ("le", "≤ {}"), Lt: ("lt", "< {}")}


class Undocumented(Exception):
    """Keys without a meaning or an example, by name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping."""

    name: str
    kind: str
    """The type, for people."""
    default: str
    """As YAML; empty where the key is required."""
    example: str
    """As YAML; empty for a mapping, whose keys have their own."""
    meaning: str
    mappings: tuple[type[Declaration], ...]
    """What its value is made of."""


def keys_of(
    model: type[Declaration],
    *,
    without: type[Declaration] | None = None,
    hidden: Sequence[str] = (),
) -> list[Key]:
    """The keys of a declaration in their order.

    Args:
        without: a base whose keys are left out, unless `model` declares them anew.
        hidden: names that no file has.

    Raises:
        Undocumented: names every field that has no docstring or no example.
    """
    meanings = _meanings(model)
    keys, wanting = [], []
    for name, field in model.model_fields.items():
        inherited = without.model_fields.get(name) if without else None
        if name in hidden or (inherited and _same(inherited, field)):
            continue
        mappings = tuple(dict.fromkeys(_mappings(field.annotation)))
        meaning = meanings.get(name) or " ".join(_first_sentence(each) for each in mappings)
        if not meaning:
            wanting.append(f"{model.__name__}.{name} has no docstring")
        if not (field.examples or mappings):
            wanting.append(f"{model.__name__}.{name} has no example")
        keys.append(
            Key(
                name=name,
                kind=type_text(field),
                default="" if field.is_required() else _yaml(_default(field)),
                example=_yaml(field.examples[0]) if field.examples else "",
                meaning=meaning,
                mappings=mappings,
            )
        )
    if wanting:
        raise Undocumented("; ".join(wanting))
    return keys


def type_text(field: FieldInfo) -> str:
    """A field's type for people: `integer ≥ 1`, `` `append` or `upsert` ``, `list of texts`."""
    limits = [
        text.format(f"{getattr(limit, attribute):,}")
        for limit in field.metadata
        for kind, (attribute, text) in _LIMITS.items()
        if isinstance(limit, kind)
    ]
    return " ".join([_type_text(field.annotation), *limits])


def _type_text(annotation: Any) -> str:  # noqa: PLR0911  # a kind of annotation each
    if isinstance(annotation, TypeAliasType):
        return _type_text(annotation.__value__)
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{_yaml(value)}`" for value in inside)
    if origin in (Union, UnionType):
        kinds = [kind for kind in inside if kind is not NoneType]
        names = list(dict.fromkeys(_type_text(kind) for kind in kinds))
        return " or ".join(names + ["null"] * (NoneType in inside))
    if origin in (tuple, list):
        return f"list of {_type_text(inside[0])}s"
    if origin in (dict, Mapping):
        return f"mapping of {_type_text(inside[0])} to {_type_text(inside[1])}"
    if origin:  # Annotated
        return _type_text(inside[0])
    if isinstance(annotation, type) and issubclass(annotation, Declaration):
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return _NAMES.get(annotation, "any")


def _mappings(annotation: Any) -> Iterator[type[Declaration]]:
    if isinstance(annotation, TypeAliasType):
        yield from _mappings(annotation.__value__)
    elif isinstance(annotation, type) and issubclass(annotation, Declaration):
        yield annotation
    else:
        for inside in get_args(annotation):
            yield from _mappings(inside)


def _meanings(model: type[Declaration]) -> dict[str, str]:
    """The string after each field, in the source of the model and of its bases."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not (issubclass(owner, Declaration) and owner is not Declaration):
            continue
        [body] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for before, after in pairwise(statements):
            match before, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = " ".join(text.split())
    return found


def _same(one: FieldInfo, other: FieldInfo) -> bool:
    return one.annotation == other.annotation and one.examples == other.examples


def _first_sentence(model: type[Declaration]) -> str:
    return re.split(r"(?<=\.)\s", inspect.getdoc(model) or "", maxsplit=1)[0].replace("\n", " ")


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    return (
        default.model_dump(exclude_defaults=True) if isinstance(default, Declaration) else default
    )


def _yaml(value: Any) -> str:
    """`value` as one line of YAML."""
    value = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")
