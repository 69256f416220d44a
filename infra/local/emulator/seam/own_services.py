"""Services that ministack does not have: routed, authorized and saved as its own are."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from infra.local.emulator.seam.services import Handler, Request, Response

_actions: Any = import_module("ministack.core.iam_actions")
_app: Any = import_module("ministack.app")
_router: Any = import_module("ministack.core.router")


def add_service(
    name: str,
    *,
    handler: Handler,
    target_prefix: str | None = None,
    state: dict[str, Any] | None = None,
    changes: Sequence[str] = (),
) -> None:
    """Serve the AWS service `name`, which speaks JSON with `target_prefix` in X-Amz-Target.

    Without one it is known by its signature, and its operations by their paths in botocore's model.
    `state` is JSON that the service changes on the event loop alone; it is saved and loaded with
    the others. `changes` names the services of ministack that its operations change as well.
    """

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        return await handler(
            Request(method=method, path=path, headers=headers, body=body, query=query)
        )

    module = SimpleNamespace(handle_request=handle_request)
    if state is not None:
        module.get_state = lambda: state
        module.load_persisted_state = state.update
        _app._state_map[name] = name
    _app._loaded_modules[name] = module
    _app.SERVICE_REGISTRY[name] = {"module": name, "sub_modules": tuple(changes)}
    _app.SERVICE_HANDLERS[name] = handle_request
    if target_prefix is None:
        _router.SERVICE_PATTERNS[name] = {"credential_scope": name}
        _actions._BOTOCORE_SERVICE_MAP[name] = [name]
    else:
        _router.SERVICE_PATTERNS[name] = {"target_prefixes": [f"{target_prefix}."]}
    _actions.SERVICE_TO_IAM_NAMESPACE[name] = name
