"""Links from Airflow's pages to the AWS console: a DAG's table, and the query editor.

It stands alone, because the web server of MWAA has plugins but no DAG folder.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin


def console_views(*, region: str, database: str) -> list[dict[str, Any]]:
    """Return the external views of the lake `database` in `region`.

    A DAG of the lake is called as its table, so the page of a DAG leads to the table by its id.
    """
    console = f"https://{region}.console.aws.amazon.com"
    return [
        {
            "name": "Athena",
            "href": f"{console}/athena/home?region={region}#/query-editor",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Table in Glue",
            "href": f"{console}/glue/home?region={region}"
            f"#/v2/data-catalog/tables/view/{{DAG_ID}}?database={database}",
            "destination": "dag",
        },
    ]


class LakeConsole(AirflowPlugin):
    """The links, where Airflow runs on AWS: an endpoint of its own has no console."""

    name = "lake_console"
    external_views = (
        []
        if os.environ.get("AWS_ENDPOINT_URL")
        else console_views(
            region=os.environ.get("AWS_REGION", "us-east-1"),
            database=conf.get("lake", "database", fallback="default"),
        )
    )
