"""The tables of the parts and their modules, and of the settings that differ."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import Construct
from pydantic import BaseModel

from infra.docs.architecture.environment import Environment
from infra.local.settings import REPOSITORY

NO = "—"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def parts(environments: Sequence[Environment]) -> str:
    """Each class that makes something, where it is, and how many resources it makes itself."""
    made: dict[type, dict[str, int]] = {}
    stacks: dict[type, set[str]] = defaultdict(set)
    for each in environments:
        for path, construct in sorted(each.constructs.items()):
            made.setdefault(construct, {other.name: 0 for other in environments})
            stacks[construct].add(path.partition("/")[0])
        for path in each.resources:
            if around := each.construct_of(path):
                made[each.constructs[around]][each.name] += 1
    header = ["part", "what it is for", "stack", *(f"resources in {e.name}" for e in environments)]
    order = [name for each in environments for name in each.stacks]
    return table(
        header,
        (
            [
                linked(construct),
                summary(construct),
                ", ".join(sorted(stacks[construct], key=order.index)),
                *(str(count or NO) for count in counts.values()),
            ]
            for construct, counts in sorted(
                made.items(), key=lambda item: (source(item[0]), item[0].__name__)
            )
        ),
    )


def unused_parts(environments: Sequence[Environment]) -> str:
    """The parts that the settings of no environment ask for."""
    used = {construct for each in environments for construct in each.constructs.values()}
    own = [each for each in _subclasses(Construct) if each.__module__.startswith("infra.")]
    unused = {each for each in own if not issubclass(each, cdk.Stack)} - used
    by_name = sorted(unused, key=lambda each: each.__name__)
    return "\n".join(f"- {linked(each)}: {summary(each)}" for each in by_name)


def differences(environments: Sequence[Environment]) -> str:
    """Every setting whose value is not the same everywhere."""
    flat = [dict(flattened(each.settings)) for each in environments]
    names = [name for name in dict.fromkeys(key for one in flat for key in one) if name != "name"]
    return table(
        ["setting", *(each.name for each in environments)],
        (
            [f"`{name}`", *(shown(one.get(name)) for one in flat)]
            for name in names
            if len({repr(one.get(name)) for one in flat}) > 1
        ),
    )


def flattened(settings: BaseModel, inside: str = "") -> Iterator[tuple[str, Any]]:
    """The settings by their dotted names."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from flattened(value, f"{inside}{name}.")
        elif isinstance(value, Mapping):
            yield from ((f"{inside}{name}.{key}", each) for key, each in value.items())
        else:
            yield f"{inside}{name}", value


def shown(value: Any) -> str:
    """A value as a cell has it."""
    if value is None or value == ():
        return NO
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def linked(construct: type) -> str:
    """The class, with a link from docs/ to its module."""
    return f"[`{construct.__name__}`](../{source(construct)})"


def source(construct: type) -> str:
    """Its module's file, from the root of the repository."""
    return str(Path(inspect.getfile(construct)).resolve().relative_to(REPOSITORY))


def summary(construct: type) -> str:
    """The first paragraph of what its docstring says."""
    return " ".join(inspect.cleandoc(construct.__doc__ or "").partition("\n\n")[0].split())


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for each in base.__subclasses__():
        yield each
        yield from _subclasses(each)
