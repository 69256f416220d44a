"""The budget of an environment: what everything with its tag `lake` costs in a month.

AWS knows a resource's tag in its bills once somebody has activated it there:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra.settings import EnvironmentSettings

type SpendType = Literal["ACTUAL", "FORECASTED"]

TOLD_AT: tuple[tuple[SpendType, int], ...] = (("FORECASTED", 80), ("ACTUAL", 100))
"""Percent of the budget."""


class Budget(Construct):
    """A budget of `usd_a_month` that mails the addresses of the settings.

    Who is told of a budget cannot be changed in place, and a budget of the same name cannot take
    its place: a digest of the addresses is part of the name.
    """

    def __init__(
        self, scope: Construct, id: str, *, usd_a_month: int, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, id)
        addresses = settings.operations.budget_addresses
        digest = sha256("\n".join(addresses).encode()).hexdigest()[:8]
        self.budget_name = f"{settings.prefix}-{digest}"
        subscribers = [
            budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=address)
            for address in addresses
        ]
        budgets.CfnBudget(
            self,
            "Resource",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self.budget_name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=usd_a_month, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:lake${settings.prefix}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=spend,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=subscribers,
                )
                for spend, percent in TOLD_AT
            ],
            resource_tags=[
                budgets.CfnBudget.ResourceTagProperty(key="lake", value=settings.prefix)
            ],
        )
