"""The end: `lake compose down --volumes`."""

from __future__ import annotations

import pytest

from .conftest import PROJECT, Stack, run

pytestmark = pytest.mark.compose

LABEL = f"label=com.docker.compose.project={PROJECT}"


def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
    assert all(run("docker", *kind, "--quiet", "--filter", LABEL) for kind in kinds)

    stack.lake("compose", "down", "--volumes")

    assert [run("docker", *kind, "--quiet", "--filter", LABEL) for kind in kinds] == ["", "", ""]
