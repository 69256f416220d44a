"""The assets that DAGs run by: the tables of the lake."""

from __future__ import annotations

from airflow.sdk import Asset

TABLES = "table"
"""The group of the assets, as Airflow lists them."""


def table_asset(table: str) -> Asset:
    """The table of that name: changed, and its checks passed, whenever it has an event.

    An event's `extra` has `days`, the ISO days whose rows changed, by the table's partition of type
    date (None where the table has none), and `run_id`, of the run that changed it.
    """
    return Asset(name=table, group=TABLES)
