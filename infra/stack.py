"""A stack of the lake: named after its environment, and synthesized without asking AWS."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn
from constructs import Construct

from infra.boundary import permissions_boundary, tag_everything
from infra.settings import EnvironmentSettings

ZONES = 2
"""MWAA takes exactly two subnets, in distinct zones."""


class LakeStack(cdk.Stack):
    """The stack `lake-<environment>-<part>`, bound to the environment's account and region."""

    def __init__(self, scope: Construct, part: str, *, settings: EnvironmentSettings) -> None:
        super().__init__(
            scope,
            f"{settings.prefix}-{part}",
            description=f"Data lake on Amazon MWAA: {part} of the environment {settings.name}",
            env=cdk.Environment(account=settings.account, region=settings.region),
            termination_protection=settings.termination_protection,
            tags={**settings.tags, "lake": settings.prefix},
            permissions_boundary=permissions_boundary(settings.permissions_boundary),
        )
        tag_everything(self, settings.tags)

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of the region; resolved in the deployment, never looked up before it."""
        zones = Fn.get_azs()
        return [Fn.select(index, zones) for index in range(ZONES)]

    def add_outputs(self, **values: str) -> None:
        """Give the stack an output for each of `values`, under its name."""
        for name, value in values.items():
            cdk.CfnOutput(self, name, value=value)
