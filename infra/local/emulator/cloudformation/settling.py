"""Stack operations answer when they are over, if that is soon.

The AWS CLI and CDK look at a stack once it was told to change, and again only after five seconds.
"""

from __future__ import annotations

import asyncio
import time

from infra.local.emulator.seam import stacks
from infra.local.emulator.seam.authorization import iam_action
from infra.local.emulator.seam.services import Handler, Request, Response, wrap_service

PATIENCE_SECONDS = 3.0
_LOOK_SECONDS = 0.02
_OPERATIONS = frozenset(
    f"cloudformation:{name}"
    for name in ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet")
)


def install() -> None:
    """Hold the answers of stack operations back for a moment."""

    def hold(handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            answer = await handler(request)
            if iam_action("cloudformation", request) in _OPERATIONS:
                deadline = time.monotonic() + PATIENCE_SECONDS
                await asyncio.sleep(0)  # the operation begins
                while stacks.busy() and time.monotonic() < deadline:
                    await asyncio.sleep(_LOOK_SECONDS)
            return answer

        return handle

    wrap_service("cloudformation", hold)
