"""What is said of settings that cannot be: which, what was given, what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

OURS = (
    (r"^Value error, ", ""),
    (r"^Input should be ", "expected "),
    (r"^String should match pattern ", "expected a text that matches "),
    (r"^(Tuple|Dictionary|String|Value) should have ", "expected "),
    (r" after validation, not ", ", not "),
)
"""pydantic's words, and ours."""
SHOWN = 60
"""Characters of a value."""
OF_A_UNION = re.compile(r"function-\w+\[|[A-Z]")
"""What pydantic puts into a path for the class that it tried, where there are several."""


class SettingsRefused(ValueError):
    """Settings that cannot be; the text is all that a person needs to read."""


class Place(NamedTuple):
    """Where in the settings a model stands; of several that may stand there, one."""

    path: str
    model: type[BaseModel]


def explain(error: ValidationError, *, roots: Sequence[type[BaseModel]], constant: str) -> str:
    """Say what is wrong with `constant`, one of `roots` or a part of one: a line a problem.

    PROD: airflow.max_workers=40: expected less than or equal to 25
    """
    places = [place for root in roots for place in _places(root)]
    prefix = next((place.path for place in places if place.model.__name__ == error.title), "")
    problems = error.errors(include_url=False, include_context=False)
    return "\n".join(f"{constant}: {_said(problem, prefix, places)}" for problem in problems)


def _said(problem: ErrorDetails, prefix: str, places: Sequence[Place]) -> str:
    location = [str(part) for part in problem["loc"] if not OF_A_UNION.match(str(part))]
    path = ".".join(filter(None, (prefix, *location)))
    text = problem["msg"]
    for theirs, ours in OURS:
        text = re.sub(theirs, ours, text)
    if problem["type"] == "missing":
        return f"{path} is missing"
    if problem["type"] == "extra_forbidden":
        known = _settings_of(path.rpartition(".")[0], places)
        meant = get_close_matches(path.rpartition(".")[2], known, n=1) or known
        text = f"there is no such setting: expected {' or '.join(meant)}"
    elif problem["type"] == "value_error" and (known := _settings_of(path, places)):
        # A validator of several settings begins with the one that it is about.
        first = re.split(r"\W", text, maxsplit=1)[0]
        joined = f"{path}.{text}" if first in known else f"{path}: {text}"
        return joined.lstrip(".: ")
    return f"{path}{_given(problem['input'])}: {text}"


def _given(value: Any) -> str:
    """A plain value as it was given; one of several parts would not fit into a line."""
    if isinstance(value, (dict, BaseModel)):
        return ""
    text = repr(value)
    return f"={text[:SHOWN]}…" if len(text) > SHOWN else f"={text}"


def _settings_of(path: str, places: Sequence[Place]) -> list[str]:
    return [name for place in places if place.path == path for name in place.model.model_fields]


def _places(model: type[BaseModel], path: str = "") -> Iterator[Place]:
    """Each part of `model` that is a model."""
    yield Place(path, model)
    for name, field in model.model_fields.items():
        for part in _models(field.annotation):
            yield from _places(part, f"{path}.{name}".lstrip("."))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
