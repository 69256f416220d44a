"""What watches the environment: alarms, a dashboard, a budget."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.base import Distinct, Settings
from infra.settings.notifications import EmailAddress

METRICS_NAMESPACE = "MwaaLake"
"""Of what the DAGs measure, in CloudWatch."""
MOST_ADDRESSES = 10
"""Of one notification of AWS Budgets
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_NotificationWithSubscribers.html)."""


class SlackSettings(Settings):
    """A channel of Slack in which Amazon Q Developer (AWS Chatbot) tells of alarms."""

    workspace_id: Annotated[str, Field(pattern=r"^T[0-9A-Z]{8,20}$", examples=["T0123ABCD"])]
    """Of the workspace, once somebody has authorized it in the console of Amazon Q Developer."""
    channel_id: Annotated[str, Field(pattern=r"^[CG][0-9A-Z]{8,20}$", examples=["C0123ABCD"])]
    """Of the channel, which the app is invited to where it is private."""


class OperationsSettings(Settings):
    """Which alarms, dashboard and budget there are; an alarm tells the topic of messages."""

    alarms: bool = True
    """Whether CloudWatch tells of what MWAA and the data sets measure."""
    slack: SlackSettings | None = None
    """Where alarms are told besides; None: the topic alone."""
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
    def alarms_to_tell_in_slack(self) -> Self:
        """Refuse a channel that nothing is told in."""
        if self.slack and not self.alarms:
            raise ValueError("slack needs alarms=True: there is nothing else that it tells of")
        return self

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
