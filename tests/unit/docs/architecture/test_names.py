"""Names are said without what all of them have in common."""

from __future__ import annotations

import pytest

from infra.docs.architecture.names import short, short_arn


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lake-dev-landing-111122223333-us-east-1", "landing"),
        ("lake-dev-landing-111122223333-us-east-1/_archive/*", "landing/_archive/*"),
        ("lake-dev", "…"),
        ("lake_dev", "…"),
        ("/aws/lambda/lake-dev-bundle", "/aws/lambda/…-bundle"),
        ("ExecutionRole", "ExecutionRole"),
    ],
)
def test_a_name_is_short(name: str, said: str) -> None:
    assert short(name, "lake-dev") == said


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:sqs:us-east-1:*:airflow-celery-*", "sqs airflow-celery-*"),
        ("arn:aws:glue:us-east-1:111122223333:table/lake_dev/*", "glue table/…/*"),
        ("*", "*"),
    ],
)
def test_an_arn_is_its_service_and_its_resource(arn: str, said: str) -> None:
    assert short_arn(arn, "lake-dev") == said
