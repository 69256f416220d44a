"""`AWS::Budgets::Budget`: a budget with whom it tells, in the embedded AWS Budgets.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-budgets-budget.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.seam.services import AwsError, account_id, call

_SUPPORTED = frozenset(
    {"BudgetLimit", "BudgetName", "BudgetType", "CostFilters", "CostTypes", "TimeUnit"}
)


class BudgetRefused(Exception):
    """The budget cannot be made or changed; the text is the reason."""


class Budget:
    """The resource type; `Ref` is the budget's name."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the budget and tell whom it has to tell."""
        budget = _budget(declared)
        _call(
            "CreateBudget",
            Budget=budget,
            NotificationsWithSubscribers=_told(declared.properties),
            ResourceTags=_tags(declared.properties),
        )
        return Provisioned(physical_id=budget["BudgetName"], attributes={})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change what it allows; another name or other addresses make another budget."""
        budget = _budget(declared)
        if budget["BudgetName"] != physical_id:
            return self.create(declared)
        if _told(declared.properties) != _told(previous):
            raise BudgetRefused(
                f"NotificationsWithSubscribers of {physical_id} cannot be changed: CloudFormation "
                "cannot update a stack when a custom-named resource requires replacing. Rename it."
            )
        _call("UpdateBudget", NewBudget=budget)
        arn = f"arn:aws:budgets::{account_id()}:budget/{physical_id}"
        if gone := [tag["Key"] for tag in _tags(previous)]:
            _call("UntagResource", ResourceARN=arn, ResourceTagKeys=gone)
        if tags := _tags(declared.properties):
            _call("TagResource", ResourceARN=arn, ResourceTags=tags)
        return Provisioned(physical_id=physical_id, attributes={})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the budget; nothing where it is gone."""
        try:
            _call("DeleteBudget", BudgetName=physical_id)
        except AwsError as error:
            if "NotFoundException" not in str(error):
                raise


def _budget(declared: Declared) -> dict[str, Any]:
    """As the API takes it: amounts are texts there."""
    given: Mapping[str, Any] = declared.properties["Budget"]
    if unsupported := sorted(set(given) - _SUPPORTED):
        raise BudgetRefused(
            f"AWS::Budgets::Budget: the embedded AWS cannot set {', '.join(unsupported)}; "
            f"it can set {', '.join(sorted(_SUPPORTED))}"
        )
    limit = given.get("BudgetLimit")
    spend = {"BudgetLimit": {**limit, "Amount": str(limit["Amount"])}} if limit else {}
    return {"BudgetName": declared.owner.replace("/", "-"), **given, **spend}


def _told(properties: Properties) -> list[dict[str, Any]]:
    """The notifications, their thresholds as numbers."""
    return [
        {
            **each,
            "Notification": {
                **each["Notification"],
                "Threshold": float(each["Notification"]["Threshold"]),
            },
        }
        for each in properties.get("NotificationsWithSubscribers") or []
    ]


def _tags(properties: Properties) -> list[dict[str, str]]:
    return list(properties.get("ResourceTags") or [])


def _call(operation: str, **request: Any) -> None:
    call(
        "budgets",
        "POST",
        "/",
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AWSBudgetServiceGateway.{operation}",
        },
        body=json.dumps({"AccountId": account_id(), **request}).encode(),
    )
