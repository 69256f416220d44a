"""Usage limits: RPU hours that a work group may take in a day, a week or a month.

They are kept and answered; nothing here uses RPUs, so that none is ever reached.
Source: https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_UsageLimit.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.redshift.errors import conflict, invalid
from infra.local.redshift.serverless.register import Document, Register, page

type Request = Mapping[str, Any]


@dataclass(frozen=True)
class UsageLimits:
    """The operations; each takes and gives what the API does."""

    register: Register

    def create(self, request: Request) -> Document:
        """CreateUsageLimit."""
        _check_amount(request)
        arn, kind = request["resourceArn"], request["usageType"]
        self.register.tagged(arn)  # which refuses an ARN of nothing
        period = request.get("period", "monthly")
        for other in self.register.usage_limits.values():
            same = (other["resourceArn"], other["usageType"], other["period"])
            if same == (arn, kind, period):
                raise conflict(f"{arn} already has a {period} usage limit for {kind}.")
        id = str(uuid.uuid4())
        limit: Document = {
            "usageLimitId": id,
            "usageLimitArn": self.register.arn("usagelimit", id),
            "resourceArn": arn,
            "usageType": kind,
            "amount": request["amount"],
            "period": period,
            "breachAction": request.get("breachAction", "log"),
        }
        self.register.usage_limits[id] = limit
        return {"usageLimit": limit}

    def get(self, request: Request) -> Document:
        """GetUsageLimit."""
        return {"usageLimit": self.register.usage_limit(request["usageLimitId"])}

    def listing(self, request: Request) -> Document:
        """ListUsageLimits."""
        wanted = {name: request[name] for name in ("resourceArn", "usageType") if name in request}
        found = [
            each for each in self.register.usage_limits.values() if wanted.items() <= each.items()
        ]
        return page(found, request, "usageLimits")

    def update(self, request: Request) -> Document:
        """UpdateUsageLimit."""
        limit = self.register.usage_limit(request["usageLimitId"])
        _check_amount(request)
        limit.update(
            {name: request[name] for name in ("amount", "breachAction") if name in request}
        )
        return {"usageLimit": limit}

    def delete(self, request: Request) -> Document:
        """DeleteUsageLimit."""
        limit = self.register.usage_limit(request["usageLimitId"])
        del self.register.usage_limits[limit["usageLimitId"]]
        return {"usageLimit": limit}


def _check_amount(request: Request) -> None:
    if request.get("amount", 1) < 1:
        raise invalid("amount: expected a number greater than 0.")
