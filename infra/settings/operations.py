"""What watches the environment: alarms, a dashboard, a budget."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from infra.settings.base import Distinct, Settings
from infra.settings.notifications import EmailAddress

METRICS_NAMESPACE = "MwaaLake"
"""Of what the DAGs measure, in CloudWatch."""
MOST_ADDRESSES = 10
"""Of one notification of AWS Budgets
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_NotificationWithSubscribers.html)."""


class OperationsSettings(Settings):
    """Which alarms, dashboard and budget there are; an alarm tells the topic of messages."""

    alarms: bool = True
    """Whether CloudWatch tells of what MWAA and the data sets measure."""
    dashboard: bool = True
    """Whether there is a dashboard of it in CloudWatch."""
    quarantine_ratio: float = Field(default=0.01, ge=0, lt=1)
    """The share of a run's records that may be bad, those of refused files among them."""
    oldest_task_seconds: int = Field(default=1800, ge=60)
    """For so long a task may be queued."""
    queued_tasks: int | None = Field(default=None, ge=1)
    """So many tasks may be queued for half an hour; None: as many as all workers run at once."""
    task_failures: int = Field(default=5, ge=0)
    """So many tries of tasks may fail within five minutes."""
    freshness_hours: int = Field(default=26, ge=2, le=168)
    """For so long no check need find a table fresh; longer than from one run of its maintenance,
    which looks, to the next. CloudWatch looks back seven days at most."""
    budget_usd_a_month: int | None = Field(default=None, ge=1)
    """What everything with the environment's tag `lake` may cost; None: no budget."""
    budget_addresses: Distinct[EmailAddress] = Field(default=(), max_length=MOST_ADDRESSES)
    """Who is mailed at 80 % of it by forecast, and at 100 %."""

    @property
    def asked_for(self) -> bool:
        """Whether there is anything of it."""
        return self.alarms or self.dashboard or self.budget_usd_a_month is not None

    @property
    def measured(self) -> bool:
        """Whether the DAGs measure: each metric costs."""
        return self.alarms or self.dashboard

    @model_validator(mode="after")
    def somebody_is_told_of_the_budget(self) -> Self:
        """Refuse a budget that nobody hears of, and addresses without a budget."""
        if self.budget_usd_a_month and not self.budget_addresses:
            raise ValueError(
                f"budget_usd_a_month={self.budget_usd_a_month} tells nobody: expected "
                'budget_addresses=("data@example.com",)'
            )
        if self.budget_addresses and not self.budget_usd_a_month:
            raise ValueError(
                "budget_addresses without a budget: expected budget_usd_a_month, such as 500"
            )
        return self
