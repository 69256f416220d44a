"""ministack's CloudFormation: its resource types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from infra.local.emulator.cloudformation.resource import Declared, Provisioned, ResourceType

_lambda: Any = import_module("ministack.services.lambda_svc")
_provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
_stacks: Any = import_module("ministack.services.cloudformation.stacks")

_waiting: dict[str, bool] = {}
_runs_on_worker_thread = _stacks._runs_on_worker_thread


def _waits(resource_type: str) -> bool:
    waits: bool = _waiting.get(resource_type, _runs_on_worker_thread(resource_type))
    return waits


# Types that wait must not hold the event loop, on which everything else is answered.
_stacks._runs_on_worker_thread = _waits


def register_resource_type(
    name: str, resource_type: ResourceType, *, takes_stack_tags: bool = False
) -> None:
    """Let CloudFormation make resources of the type `name`, in place of ministack's own.

    `takes_stack_tags` adds the stack's tags to the list property `Tags`.
    """

    def create(
        logical_id: str, properties: dict[str, Any], stack: str
    ) -> tuple[str, dict[str, Any]]:
        declared = Declared(stack=stack, logical_id=logical_id, properties=properties)
        return _answer(resource_type.create(declared))

    def update(
        physical_id: str,
        previous: dict[str, Any],
        properties: dict[str, Any],
        stack: str,
        logical_id: str,
    ) -> tuple[str, dict[str, Any]]:
        declared = Declared(stack=stack, logical_id=logical_id, properties=properties)
        return _answer(resource_type.update(physical_id, declared, previous))

    _provisioners._RESOURCE_HANDLERS[name] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": resource_type.delete,
    }
    _waiting[name] = resource_type.waits
    if takes_stack_tags:
        _provisioners._STACK_TAG_PROPERTY[name] = ("Tags", "list")


def ministack_resource_type(name: str) -> ResourceType:
    """ministack's own resource type `name`."""
    return _MinistackType(_provisioners._RESOURCE_HANDLERS[name])


@dataclass(frozen=True)
class _MinistackType:
    handlers: Mapping[str, Any]
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        made = self.handlers["create"](
            declared.logical_id, dict(declared.properties), declared.stack
        )
        return Provisioned(physical_id=made[0], attributes=made[1])

    def update(
        self, physical_id: str, declared: Declared, previous: Mapping[str, Any]
    ) -> Provisioned:
        arguments = [physical_id, dict(previous), dict(declared.properties), declared.stack]
        if self.handlers.get("update_with_logical_id"):
            arguments.append(declared.logical_id)
        made = self.handlers["update"](*arguments)
        return Provisioned(physical_id=made[0], attributes=made[1])

    def delete(self, physical_id: str, properties: Mapping[str, Any]) -> None:
        self.handlers["delete"](physical_id, properties)


def drop_layer_content(version_arn: str) -> None:
    """Forget the content of a version of a Lambda layer; its size and hash stay."""
    layer_name, number = version_arn.split(":")[-2:]
    for version in _lambda._layers[layer_name]["versions"]:
        if version["Version"] == int(number):
            version["_zip_data"] = None


def _answer(provisioned: Provisioned) -> tuple[str, dict[str, Any]]:
    return provisioned.physical_id, dict(provisioned.attributes)


def refuse_custom_resources(refuse: Callable[[str], None]) -> None:
    """Call `refuse` with the type of each custom resource that has no type of ours."""

    def create(_logical_id: str, _properties: object, _stack: str, resource_type: str) -> None:
        refuse(resource_type)

    def update(*_: object, resource_type: str, **__: object) -> None:
        refuse(resource_type)

    _provisioners._custom_resource_create = create
    _provisioners._custom_resource_update = update
    # What was never made is deleted with success, so that a rollback ends.
    _provisioners._custom_resource_delete = lambda *_, **__: None
    del _provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::CustomResource"]
