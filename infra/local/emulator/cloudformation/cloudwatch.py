"""`AWS::CloudWatch::Alarm` and `AWS::CloudWatch::Dashboard`: ministack's own.

What ministack would drop in silence is refused, but for the tags of a dashboard: it has no place
for them, and an environment with tags has to be deployed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
    refuse_unsupported,
)

ALARM = frozenset(
    {"ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "ComparisonOperator"}
    | {"DatapointsToAlarm", "Dimensions", "EvaluationPeriods", "ExtendedStatistic"}
    | {"InsufficientDataActions", "MetricName", "Namespace", "OKActions", "Period", "Statistic"}
    | {"Tags", "Threshold", "TreatMissingData", "Unit"}
)
DASHBOARD = frozenset({"DashboardBody", "DashboardName", "Tags"})


@dataclass(frozen=True)
class Watching:
    """A type that `ministack` makes, with the properties that it knows."""

    name: str
    ministack: ResourceType
    supported: frozenset[str]
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the resource."""
        self._refuse_unsupported(declared.properties)
        return self.ministack.create(declared)

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the resource in place; another name makes another one."""
        self._refuse_unsupported(declared.properties)
        return self.ministack.update(physical_id, declared, previous)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource."""
        self.ministack.delete(physical_id, properties)

    def _refuse_unsupported(self, properties: Properties) -> None:
        refuse_unsupported(self.name, sorted(set(properties) - self.supported), self.supported)
