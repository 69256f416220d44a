"""A call of an AWS API, as authorization sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call; `parameters` are those of a JSON body, `path` is decoded."""

    service: str
    operation: str
    path: str
    parameters: Mapping[str, Any]
    region: str
    account_id: str

    def arn(self, resource: str) -> str:
        """The ARN of one of the service's resources in the call's account and region."""
        return f"arn:aws:{self.service}:{self.region}:{self.account_id}:{resource}"
