"""Links from Airflow's navigation to the AWS console: the lake's tables, and its query editor.

It stands alone, because the web server of MWAA has plugins but no DAG folder.
"""

from __future__ import annotations

import os

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin


def console_links(*, region: str, database: str) -> list[dict[str, str]]:
    """Return the external views of the Glue `database` in `region`, opened in a tab of their own.

    The console refuses to be framed, so none has a `url_route`.
    """
    console = f"https://{region}.console.aws.amazon.com"
    return [
        {
            "name": "Tables in Glue",
            "href": f"{console}/glue/home?region={region}"
            f"#/v2/data-catalog/databases/view/{database}",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Query in Athena",
            "href": f"{console}/athena/home?region={region}#/query-editor",
            "destination": "nav",
            "category": "browse",
        },
    ]


class LakeConsolePlugin(AirflowPlugin):
    """The links, where Airflow runs on AWS; an AWS at an endpoint of its own has no console."""

    name = "lake_console"
    external_views = (
        []
        if "AWS_ENDPOINT_URL" in os.environ
        else console_links(
            region=os.environ.get("AWS_REGION", "us-east-1"),
            database=conf.get("lake", "database", fallback="default"),
        )
    )
