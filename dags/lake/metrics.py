"""Metrics: what the lake measures of itself, where CloudWatch's alarms and dashboard see it.

A metric is told, never relied on: what CloudWatch does not take is a warning in the task's log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lake.settings import LakeSettings

log = logging.getLogger(__name__)

CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})
"""A task waits for 15 seconds at most where CloudWatch is out of reach."""


class CloudWatch(Protocol):
    """What of boto3's client is used."""

    def put_metric_data(self, **arguments: Any) -> Any:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The metrics of an environment's tables."""

    namespace: str
    environment: str
    client: CloudWatch | None = None
    """boto3's, unless it is given."""

    @classmethod
    def of(cls, settings: LakeSettings) -> Self | None:
        """Those of the environment; None where nothing is measured."""
        if settings.metrics_namespace is None:
            return None
        return cls(namespace=settings.metrics_namespace, environment=settings.environment)

    def publish(self, table: str, values: Mapping[str, float]) -> bool:
        """Publish a value for each metric, as of now; whether CloudWatch took them."""
        dimensions = [
            {"Name": "Environment", "Value": self.environment},
            {"Name": "DataSet", "Value": table},
        ]
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value}
            for name, value in values.items()
        ]
        try:
            client = self.client or boto3.client("cloudwatch", config=CONFIG)
            client.put_metric_data(Namespace=self.namespace, MetricData=data)
        except (BotoCoreError, ClientError) as error:
            log.warning("CloudWatch did not take %s of %s: %s", ", ".join(values), table, error)
            return False
        return True
