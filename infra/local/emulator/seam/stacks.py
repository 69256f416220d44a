"""ministack's stacks: what they record, when they make progress, and how one is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from infra.local.emulator.cloudformation.resource import Declared

_changesets: Any = import_module("ministack.services.cloudformation.changesets")
_cloudformation: Any = import_module("ministack.services.cloudformation")
_handlers: Any = import_module("ministack.services.cloudformation.handlers")
_responses: Any = import_module("ministack.core.responses")
_stacks: Any = import_module("ministack.services.cloudformation.stacks")

_OPERATION = "_lake_operation"
"""The key of a stack's record under which the operation under way is kept."""
_progress: list[Callable[[], None]] = []


def on_progress(act: Callable[[], None]) -> None:
    """Call `act` when a stack operation ends, and before it waits for something outside."""
    _progress.append(act)


def _report_progress() -> None:
    for act in _progress:
        act()


_add_event = _stacks._add_event


def _add_event_and_report(*arguments: Any, **named: Any) -> None:
    _add_event(*arguments, **named)
    _, stack_name, logical_id, _, status, *_ = arguments
    if logical_id == stack_name and not status.endswith("IN_PROGRESS"):
        _report_progress()


_stacks._add_event = _add_event_and_report


def record_in_progress(declared: Declared, resource_type: str, physical_id: str) -> None:
    """Record a resource in its stack before it is made, so that one that was killed is found.

    Who deletes it by this record gets the property `StackOwner` too.
    """
    stack = _cloudformation._stacks[declared.stack]
    stack.setdefault("_resources", {})[declared.logical_id] = {
        "PhysicalResourceId": physical_id,
        "ResourceType": resource_type,
        "ResourceStatus": "IN_PROGRESS",
        "LogicalResourceId": declared.logical_id,
        "Properties": {**declared.properties, "StackOwner": declared.owner},
        "Attributes": {},
        "Timestamp": _responses.now_iso(),
    }
    _report_progress()


# ---------------------------------------------------------------- interrupted operations

_deploy = _stacks._deploy_stack_async


def _deploy_and_keep_operation(  # noqa: PLR0917 - ministack's signature
    stack_name: str,
    stack_id: str,
    template: dict[str, Any],
    param_values: dict[str, Any],
    disable_rollback: bool,
    tags: list[Any],
    **options: Any,
) -> Coroutine[Any, Any, None]:
    """Keep, in the stack's record, what its rollback will need after a restart."""
    _cloudformation._stacks[stack_name][_OPERATION] = {
        "template": template,
        "param_values": param_values,
        "is_update": options.get("is_update", False),
        "previous_stack": options.get("previous_stack"),
    }
    deploying: Coroutine[Any, Any, None] = _deploy(
        stack_name, stack_id, template, param_values, disable_rollback, tags, **options
    )
    return deploying


_handlers._deploy_stack_async = _deploy_and_keep_operation
_changesets._deploy_stack_async = _deploy_and_keep_operation


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack by its account, region and name."""

    account_id: str
    region: str
    name: str


def busy() -> list[Stack]:
    """The stacks that an operation is under way on."""
    return [
        Stack(account_id=account_id, region=region, name=name)
        for (account_id, region, name), record in _cloudformation._stacks._data.items()
        if record.get("StackStatus", "").endswith("_IN_PROGRESS")
        and not record["StackStatus"].startswith("REVIEW")
    ]


def resume(stack: Stack, *, reason: str) -> None:
    """End, in the background, the operation that a restart interrupted.

    A delete goes on. A create or an update is rolled back, with `reason` as the stack's reason.
    """
    with _responses.request_scope(stack.account_id, stack.region):
        record = _cloudformation._stacks[stack.name]
        ending = (
            _stacks._delete_stack_async(stack.name, record["StackId"])
            if record["StackStatus"].startswith("DELETE")
            else _roll_back(stack.name, record, reason)
        )
        _resuming.add(task := asyncio.get_running_loop().create_task(ending))
        task.add_done_callback(_resuming.discard)


_resuming: set[asyncio.Task[None]] = set()  # the event loop itself keeps only weak references


def _roll_back(name: str, record: dict[str, Any], reason: str) -> Coroutine[Any, Any, None]:
    kept = record.get(_OPERATION) or {}
    previous = kept.get("previous_stack")
    before = (previous or {}).get("_resources", {})
    operation = _stacks._failed_operation(
        is_update=kept.get("is_update", False),
        previous_stack=previous,
        created=[key for key, made in record["_resources"].items() if made != before.get(key)],
        failed_update=None,
        failed_logical_id=None,
        replaced_ids=[],
        cancelled=False,
        template=kept.get("template", {}),
        param_values=kept.get("param_values", {}),
        retain_except_on_create=False,
        stack_tags=record.get("Tags") or [],
        previous_tags=(previous or {}).get("Tags") or [],
    )
    rolling_back: Coroutine[Any, Any, None] = _stacks._roll_back_operation(
        name, record["StackId"], record, operation, reason
    )
    return rolling_back
