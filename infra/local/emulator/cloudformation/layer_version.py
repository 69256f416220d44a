"""`AWS::Lambda::LayerVersion`: ministack's own, without the content.

No function runs in the embedded AWS, and CDK gives each bundle deployment a layer of 22 MB.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
)
from infra.local.emulator.seam.cloudformation import drop_layer_content


@dataclass(frozen=True)
class LayerVersion:
    """The resource type; `ministack` publishes the version."""

    ministack: ResourceType
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Publish a version."""
        made = self.ministack.create(declared)
        drop_layer_content(made.physical_id)
        return made

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:  # noqa: ARG002 - protocol
        """Publish another version; nothing of a version can be changed."""
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the version."""
        self.ministack.delete(physical_id, properties)
