"""The data sets whose files S3 tells of, read and held to its limits before anything is made."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from lake.dataset import DataSet, find_data_sets, load_data_set

from infra.settings import EnvironmentSettings

NAME_MAX_LENGTH = 80
"""Of a queue (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html)."""
MOST_NOTIFICATIONS = 100
"""Of a bucket (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html)."""


class ArrivalsRefused(ValueError):
    """Data sets that S3 cannot tell of their files; the text names them."""


def data_sets_on_arrival(data_sets: Path) -> list[DataSet]:
    """The data sets below a folder that are loaded on arrival, by name.

    Raises:
        lake.dataset.DataSetError: a data set file is wrong.
    """
    loaded = [load_data_set(path) for path in find_data_sets(data_sets)]
    return [data_set for data_set in loaded if data_set.loads_on_arrival]


def refuse_unheard_of(data_sets: Collection[DataSet], *, settings: EnvironmentSettings) -> None:
    """Raise ArrivalsRefused for what S3 and SQS would refuse in the middle of a deployment."""
    if len(data_sets) > MOST_NOTIFICATIONS:
        raise ArrivalsRefused(
            f"{len(data_sets)} data sets have `schedule: on_arrival`, and a bucket tells at most "
            f"{MOST_NOTIFICATIONS} queues; give the others a schedule by time"
        )
    room = NAME_MAX_LENGTH - len(settings.arrival_queues)
    for data_set in data_sets:
        if len(data_set.table_name) > room:
            raise ArrivalsRefused(
                f"{data_set.domain}/{data_set.table}: the name of its queue would be too long; "
                f"with `schedule: on_arrival`, {data_set.table_name} may have {room} characters"
            )
    by_prefix = sorted(data_sets, key=lambda data_set: data_set.source_prefix)
    for outer, inner in pairwise(by_prefix):
        if inner.source_prefix.startswith(outer.source_prefix):
            raise ArrivalsRefused(
                f"{inner.domain}/{inner.table}: its prefix {inner.source_prefix} overlaps "
                f"{outer.source_prefix} of {outer.domain}/{outer.table}, and S3 tells of a file "
                "once; give them prefixes apart, or one of them a schedule by time"
            )
