"""What is wrong in a data set file: which key, why, and the shape that was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a data set file."""

    key: str
    """Dotted path of the key, for example `columns[3] (codneg).width`; empty for the whole file."""
    message: str
    expected: str = ""
    """A small YAML example of what belongs there; empty where the message says it."""

    def __str__(self) -> str:
        text = f"{self.key}: {self.message}" if self.key else self.message
        return f"{text}; expected for example `{self.expected}`" if self.expected else text


class ProblemsFound(ValueError):
    """Raised by a model's own checks, so that each problem keeps its key through pydantic."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class DataSetError(ValueError):
    """A data set file that cannot be used; its text names the file and every problem in it."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems]
        super().__init__(f"{path}: " + (lines[0] if len(lines) == 1 else "\n  ".join(["", *lines])))


def problems_of(
    error: ValidationError, model: type[BaseModel], document: Mapping[str, Any]
) -> list[Problem]:
    """Every problem of a failed validation of `document` as `model`, in the file's own terms."""
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, ProblemsFound):
            problems.extend(cause.problems)
            continue
        path = detail["loc"]
        owner, field = _declared_at(model, path)
        key = _dotted(path, document)
        match detail["type"]:
            case "extra_forbidden":
                problems.append(Problem(key, _unknown_key(str(path[-1]), owner)))
            case "missing":
                problems.append(Problem(key, "missing", _example(str(path[-1]), field)))
            case _:
                message = detail["msg"].removeprefix("Value error, ")
                message = f"{message}, not {_flow(detail['input'])}"
                name = next((part for part in reversed(path) if isinstance(part, str)), "")
                problems.append(Problem(key, message, _example(name, field)))
    return problems


def _declared_at(
    model: type[BaseModel], path: Sequence[str | int]
) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model and the field that the last key of `path` belongs to."""
    owner, field = model, None
    names = [part for part in path if isinstance(part, str)]
    for depth, name in enumerate(names):
        field = owner.model_fields.get(name)
        inner = _model_in(field.annotation) if field else None
        if inner is None or depth == len(names) - 1:
            break
        owner = inner
    return owner, field


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation such as `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _dotted(path: Sequence[str | int], document: object) -> str:
    """`("columns", 3, "width")` as `columns[3] (codneg).width`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            document = document[part] if isinstance(document, list) else None
            if isinstance(document, dict) and isinstance(document.get("name"), str):
                text += f" ({document['name']})"
        else:
            text += f".{part}" if text else part
            document = document.get(part) if isinstance(document, dict) else None
    return text


def _unknown_key(name: str, owner: type[BaseModel]) -> str:
    known = [key for key in owner.model_fields if key not in ("domain", "table")]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`? The" if near else "the"
    return f"unknown key; {hint} keys here are {', '.join(known)}"


def _example(name: str, field: FieldInfo | None) -> str:
    if field is None or not field.examples:
        return ""
    return f"{name}: {_flow(field.examples[0])}"


def _flow(value: object) -> str:
    """`value` as one line of YAML, cut where it is long."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    text = text.removesuffix("\n").removesuffix("\n...")
    limit = 100
    return text if len(text) <= limit else text[:limit] + "…"
