"""Tags and boundaries that AWS would refuse in the middle of a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environments import DEV
from infra.settings import EnvironmentSettings

ARN = "arn:aws:iam::111122223333:policy/platform/boundary"


def dev(**changes: Any) -> EnvironmentSettings:
    return EnvironmentSettings.model_validate(DEV.model_dump() | changes)


def test_tags_are_taken_as_they_are_and_cannot_be_changed() -> None:
    tags = {"cost-center": "4711", "Owner": "data@example.com", "path": "a/b:c=d + e.f_g"}
    settings = dev(tags=tags)

    assert settings.tags == tags
    assert settings.model_dump()["tags"] == tags
    with pytest.raises(TypeError):
        settings.tags["more"] = "1"  # type: ignore[index]  # it is read-only


@pytest.mark.parametrize(
    "boundary", ["boundary", "platform/boundary", ARN, "arn:aws:iam::aws:policy/PowerUserAccess"]
)
def test_a_boundary_is_a_name_or_an_arn(boundary: str) -> None:
    assert dev(permissions_boundary=boundary).permissions_boundary == boundary


def test_a_boundary_of_the_own_account_is_taken() -> None:
    assert dev(permissions_boundary=ARN, account="111122223333").permissions_boundary == ARN
