"""What watches an environment: alarms, a dashboard and a budget, as its settings say."""

from __future__ import annotations

from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.operations.alarms import Alarms
from infra.operations.budget import Budget
from infra.operations.dashboard import Dashboard
from infra.operations.slack import SlackChannel
from infra.operations.tables import WatchedTables, watched_tables
from infra.settings import EnvironmentSettings

__all__ = ["Operations", "WatchedTables", "watched_tables"]


class Operations(Construct):
    """Everything that the settings ask for; `outputs` has the names of the parts."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        topic: sns.ITopic | None,
        tables: WatchedTables,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        wanted = settings.operations
        alarms = []
        self.outputs: dict[str, str] = {}
        if wanted.alarms and topic:  # the settings refuse the one without the other
            alarms = Alarms(self, "Alarms", topic=topic, tables=tables, settings=settings).alarms
            self.outputs["AlarmPrefix"] = f"{settings.prefix}-"
            if wanted.slack:
                SlackChannel(self, "Slack", slack=wanted.slack, topic=topic, settings=settings)
        if wanted.dashboard:
            dashboard = Dashboard(self, "Dashboard", alarms=alarms, settings=settings)
            self.outputs["Dashboard"] = dashboard.dashboard_name
        if usd := wanted.budget_usd_a_month:
            budget = Budget(self, "Budget", usd_a_month=usd, settings=settings)
            self.outputs["Budget"] = budget.budget_name
