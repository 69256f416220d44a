"""`AWS::Glue::Database`: ministack's own, plus what it grants on new tables, which it drops.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-database.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
)
from infra.local.emulator.seam.catalog import grant_on_new_tables


@dataclass(frozen=True)
class Database:
    """The resource type; `ministack` makes the database itself."""

    ministack: ResourceType
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the database, with its grants on new tables if it names any."""
        return _granting(self.ministack.create(declared), declared)

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the database; another name makes another one."""
        return _granting(self.ministack.update(physical_id, declared, previous), declared)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the database with its tables."""
        self.ministack.delete(physical_id, properties)


def _granting(made: Provisioned, declared: Declared) -> Provisioned:
    wanted = declared.properties.get("DatabaseInput", {}).get("CreateTableDefaultPermissions")
    grant_on_new_tables(made.physical_id, wanted)
    return made
