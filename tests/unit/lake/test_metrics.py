"""What the DAGs measure reaches CloudWatch, or a warning, and never fails a task."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from lake.metrics import Metrics
from lake.settings import LakeSettings

SETTINGS: dict[str, Any] = {
    "landing_bucket": "landing",
    "curated_bucket": "curated",
    "database": "lake_test",
    "workgroup": "lake-test",
    "arrival_queues": "lake-test-arrivals-",
    "task_slots": 2,
    "environment": "lake-test",
}


class FakeCloudWatch:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.taken: list[dict[str, Any]] = []

    def put_metric_data(self, **arguments: Any) -> None:
        if self.error:
            raise self.error
        self.taken.append(arguments)


def metrics(client: FakeCloudWatch) -> Metrics:
    return Metrics(namespace="MwaaLake", environment="lake-test", client=client)


def test_a_metric_carries_the_environment_and_the_table() -> None:
    cloudwatch = FakeCloudWatch()
    assert metrics(cloudwatch).publish("market_quotes", {"RowsLoaded": 2, "QuarantineRatio": 0.5})
    (put,) = cloudwatch.taken
    dimensions = [
        {"Name": "Environment", "Value": "lake-test"},
        {"Name": "DataSet", "Value": "market_quotes"},
    ]
    assert put == {
        "Namespace": "MwaaLake",
        "MetricData": [
            {"MetricName": "RowsLoaded", "Dimensions": dimensions, "Value": 2},
            {"MetricName": "QuarantineRatio", "Dimensions": dimensions, "Value": 0.5},
        ],
    }


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://monitoring.example.com"),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutMetricData"),
    ],
)
def test_what_cloudwatch_does_not_take_is_a_warning(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert not metrics(FakeCloudWatch(error)).publish("market_quotes", {"RowsLoaded": 2})
    assert "CloudWatch did not take RowsLoaded of market_quotes" in caplog.text
    assert str(error) in caplog.text


def test_nobody_to_ask_for_credentials_or_region_is_a_warning_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    found = Metrics(namespace="MwaaLake", environment="lake-test")
    assert not found.publish("market_quotes", {"RowsLoaded": 2})
    assert "specify a region" in caplog.text


def test_nothing_is_measured_without_the_option() -> None:
    assert Metrics.of(LakeSettings(**SETTINGS)) is None
    found = Metrics.of(LakeSettings(**SETTINGS, metrics_namespace="MwaaLake"))
    assert found == Metrics(namespace="MwaaLake", environment="lake-test")
