"""What a declaration says of its keys is read from its own source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from lake.dataset import DataSet
from lake.dataset.declaration import Declaration
from lake.dataset.load import FORMATS
from pydantic import Field

from infra.docs.fields import Key, Undocumented, keys_of


class Inner(Declaration):
    """A mapping inside. More of it."""

    size: int = Field(ge=1, le=1000, examples=[3])
    """How large."""


class Base(Declaration):
    """What others share."""

    name: str = Field(examples=["a"])
    """What it is
    called."""


class Outer(Base):
    """All kinds of keys."""

    write: Literal["append", "upsert"] = Field(default="append", examples=["upsert"])
    """How."""
    keys: tuple[str, ...] = Field(default=(), examples=[["a", "b"]])
    """Which."""
    schedule: str | None = Field(default=None, examples=["@daily"])
    """When."""
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()


class Bare(Declaration):
    """Says nothing of its keys."""

    silent: int = Field(examples=[1])
    shapeless: int
    """Has a meaning."""


def test_a_key_has_type_default_example_and_meaning() -> None:
    assert keys_of(Outer) == [
        Key("name", "text", "", "a", "What it is called.", ()),
        Key("write", "`append` or `upsert`", "append", "upsert", "How.", ()),
        Key("keys", "list of texts", "[]", "[a, b]", "Which.", ()),
        Key("schedule", "text or null", "null", "'@daily'", "When.", ()),
        Key("inner", "mapping or null", "null", "", "A mapping inside.", (Inner,)),
        Key("inners", "list of mappings", "[]", "", "A mapping inside.", (Inner,)),
    ]


def test_limits_are_part_of_the_type() -> None:
    [key] = keys_of(Inner)
    assert key.kind == "integer ≥ 1 ≤ 1,000"


def test_keys_of_a_base_can_be_left_out() -> None:
    assert [key.name for key in keys_of(Outer, without=Base, hidden=("inner",))] == [
        "write",
        "keys",
        "schedule",
        "inners",
    ]


def test_a_key_without_meaning_or_example_is_named() -> None:
    with pytest.raises(Undocumented) as refused:
        keys_of(Bare)
    assert str(refused.value) == ("Bare.silent has no docstring; Bare.shapeless has no example")


def declarations(model: type[Declaration]) -> Iterator[type[Declaration]]:
    yield model
    for key in keys_of(model, hidden=("domain", "table")):
        for mapping in key.mappings:
            if mapping is not model:
                yield from declarations(mapping)


@pytest.mark.parametrize("model", [DataSet, *FORMATS.values()])
def test_every_key_of_a_data_set_is_documented(model: type[DataSet]) -> None:
    assert len(set(declarations(model))) > 5
