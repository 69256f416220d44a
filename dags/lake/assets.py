"""The assets that DAGs run by: the files that land for a data set, and the tables of the lake."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher
from lake_arrivals import FileArrivalTrigger

from lake.dataset import DataSet
from lake.settings import LakeSettings

TABLES, FILES = "table", "files"
"""The groups of the assets, as Airflow lists them."""


def table_asset(table: str) -> Asset:
    """The table of that name: changed, and its checks passed, whenever it has an event.

    An event's `extra` has `days`, the ISO days whose rows changed, by the table's partition of type
    date (None where the table has none), and `run_id`, of the run that changed it.
    """
    return Asset(name=table, group=TABLES)


def files_asset(data_set: DataSet, settings: LakeSettings) -> Asset:
    """What lands for a data set; its event follows a file within seconds."""
    trigger = FileArrivalTrigger(queue=f"{settings.arrival_queues}{data_set.table_name}")
    return Asset(
        name=f"{data_set.table_name}_files",
        uri=f"s3://{settings.landing_bucket}/{data_set.source_prefix}",
        group=FILES,
        watchers=[AssetWatcher(name=f"{data_set.table_name}_files", trigger=trigger)],
    )
