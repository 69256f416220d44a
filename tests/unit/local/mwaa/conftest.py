"""What the tests of the embedded MWAA share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from infra.local.mwaa.environment import Environment
from infra.local.mwaa.host import AirflowHost
from infra.local.mwaa.model import LastUpdate, Properties, Record, Status
from infra.local.settings import LocalSettings

from .fake_host import FakeHost


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(
        home=tmp_path, aws_port=4720, supervisor_port=4721, airflow_port=8120, sync_seconds=0.05
    )


@pytest.fixture
def request_body() -> dict[str, Any]:
    """A request of CreateEnvironment that is right."""
    return {
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/airflow",
        "SourceBucketArn": "arn:aws:s3:::airflow-bucket",
        "DagS3Path": "dags",
        "NetworkConfiguration": {
            "SubnetIds": ["subnet-a", "subnet-b"],
            "SecurityGroupIds": ["sg-1"],
        },
    }


@pytest.fixture
def properties(request_body: dict[str, Any]) -> Properties:
    return Properties.model_validate(request_body)


@pytest.fixture
def record(properties: Properties) -> Record:
    return Record(
        name="lake-dev",
        account_id="123456789012",
        region="us-east-1",
        partition="aws",
        created_at=1.0,
        web_port=8120,
        status=Status.CREATING,
        last_update=LastUpdate(status="PENDING", created_at=1.0),
        properties=properties,
    )


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def environment(record: Record, host: FakeHost, tmp_path: Path) -> Environment:
    return Environment(record, records=tmp_path / "records", host=cast(AirflowHost, host))
