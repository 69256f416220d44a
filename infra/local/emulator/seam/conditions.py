"""ministack's conditions of a template with `Fn::Join`, which they take for no function.

`cdk bootstrap` asks by it whether it was given policies for CloudFormation's role.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

_MODULES = ("changesets", "handlers", "provisioners", "stacks")
_engine: Any = import_module("ministack.services.cloudformation.engine")
_evaluate = _engine._evaluate_conditions


def _evaluate_joined(template: dict[str, Any], params: dict[str, Any]) -> dict[str, bool]:
    values = {name: str(given["Value"]) for name, given in params.items()}
    joined = {**template, "Conditions": _joined(template.get("Conditions", {}), values)}
    found: dict[str, bool] = _evaluate(joined, params)
    return found


def _joined(value: Any, parameters: Mapping[str, str]) -> Any:
    """`value` with every `Fn::Join` of texts and of list parameters in it resolved."""
    if isinstance(value, list):
        return [_joined(item, parameters) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Fn::Join": [str(separator), {"Ref": name}]} if name in parameters:
            # A list parameter is one text here.
            return separator.join(item.strip() for item in parameters[name].split(","))
        case {"Fn::Join": [str(separator), [*items]]}:
            texts = [
                parameters.get(item["Ref"], "") if isinstance(item, dict) else str(item)
                for item in items
            ]
            return separator.join(texts)
    return {key: _joined(item, parameters) for key, item in value.items()}


def install() -> None:
    """Take the place of ministack's evaluation of conditions."""
    _engine._evaluate_conditions = _evaluate_joined
    for name in _MODULES:
        module: Any = import_module(f"ministack.services.cloudformation.{name}")
        if hasattr(module, "_evaluate_conditions"):
            module._evaluate_conditions = _evaluate_joined
