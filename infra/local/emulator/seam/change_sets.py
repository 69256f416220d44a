"""ministack's change sets: one that changes outputs alone is executed, as in AWS.

ministack compares resources, and calls such a change set one without changes. A stack that another
one begins to refer to changes in its outputs alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_changesets: Any = import_module("ministack.services.cloudformation.changesets")
_cloudformation: Any = import_module("ministack.services.cloudformation")
_handlers: Any = import_module("ministack.services.cloudformation.handlers")

_WITHOUT_CHANGES = "The submitted information didn't contain changes."
_parameter = _changesets._p
_create = _handlers._ACTION_HANDLERS["CreateChangeSet"]


def _create_with_outputs(parameters: Any) -> Any:
    response = _create(parameters)
    name, stack_name = (_parameter(parameters, key) for key in ("ChangeSetName", "StackName"))
    _, found = _changesets._find_change_set(name, stack_name)
    if found and found["StatusReason"].startswith(_WITHOUT_CHANGES):
        stack = _cloudformation._stacks.get(found["StackName"], {})
        before, after = stack.get("_template", {}), found["_template"]
        if found["ChangeSetType"] == "UPDATE" and before.get("Outputs") != after.get("Outputs"):
            found |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE"}
            found["StatusReason"] = ""
    return response


def install() -> None:
    """Take the place of ministack's CreateChangeSet."""
    _handlers._ACTION_HANDLERS["CreateChangeSet"] = _create_with_outputs
