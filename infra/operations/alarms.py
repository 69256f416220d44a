"""The alarms of an environment, which tell its topic of messages."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.operations.definitions import AlarmDefinition, alarm_definitions
from infra.operations.tables import WatchedTables
from infra.settings import EnvironmentSettings

COMPARISONS = {
    "above": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    "below": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}
MISSING = {
    "missing": cloudwatch.TreatMissingData.MISSING,
    "breaching": cloudwatch.TreatMissingData.BREACHING,
    "notBreaching": cloudwatch.TreatMissingData.NOT_BREACHING,
    "ignore": cloudwatch.TreatMissingData.IGNORE,
}


class Alarms(Construct):
    """An alarm a definition, called `<prefix>-<name>`; it tells when it is raised and when over."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        topic: sns.ITopic,
        tables: WatchedTables,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        self._tell = actions.SnsAction(topic)
        self._prefix = settings.prefix
        self.alarms = [self._alarm(each) for each in alarm_definitions(settings, tables)]

    def _alarm(self, definition: AlarmDefinition) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            definition.name,
            alarm_name=f"{self._prefix}-{definition.name}",
            alarm_description=f"{definition.description} What to do: docs/operate.md",
            metric=cloudwatch.Metric(
                namespace=definition.namespace,
                metric_name=definition.metric,
                dimensions_map=dict(definition.dimensions),
                statistic=definition.statistic,
                period=Duration.seconds(definition.period_seconds),
            ),
            comparison_operator=COMPARISONS[definition.comparison],
            threshold=definition.threshold,
            evaluation_periods=definition.periods,
            datapoints_to_alarm=definition.periods,
            treat_missing_data=MISSING[definition.missing],
        )
        alarm.add_alarm_action(self._tell)
        alarm.add_ok_action(self._tell)
        return alarm
