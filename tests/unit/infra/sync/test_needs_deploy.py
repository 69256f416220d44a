"""Data sets on arrival of whose files S3 tells nobody yet."""

from __future__ import annotations

from typing import Any

from infra.arriving import data_sets_on_arrival
from infra.environments import DEV
from infra.local.settings import REPOSITORY
from infra.sync.needs_deploy import arrivals

DATA_SETS = data_sets_on_arrival(REPOSITORY / "dags" / "datasets")


class LandingBucket:
    """What its bucket tells which queue."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told

    def get_bucket_notification_configuration(self, **_: str) -> dict[str, Any]:
        return {
            "QueueConfigurations": [
                {
                    "QueueArn": f"arn:aws:sqs:eu-west-1:111122223333:{queue}",
                    "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": prefix}]}},
                }
                for queue, prefix in self.told.items()
            ]
        }


def missing(told: dict[str, str]) -> list[str]:
    return list(arrivals(DATA_SETS, landing="landing", s3=LandingBucket(told), settings=DEV))


def test_data_sets_that_were_deployed_are_told() -> None:
    told = {f"lake-dev-arrivals-{one.table_name}": one.source_prefix for one in DATA_SETS}

    assert DATA_SETS
    assert missing(told) == []


def test_one_that_is_new_or_has_another_prefix_needs_a_deploy() -> None:
    told = {f"lake-dev-arrivals-{one.table_name}": one.source_prefix for one in DATA_SETS}
    first, *_ = DATA_SETS
    queue = f"lake-dev-arrivals-{first.table_name}"

    for less in (told | {queue: "elsewhere/"}, {k: v for k, v in told.items() if k != queue}):
        (line,) = missing(less)
        assert f"{first.domain}/{first.table} is loaded on arrival" in line
        assert queue in line
