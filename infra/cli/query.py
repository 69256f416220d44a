"""Queries through Athena's own API, and how their rows are printed."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lake.pipeline.athena import QueryFailed
from lake.targets.redshift import RedshiftTarget
from lake.targets.redshift_sql import UnsupportedByRedshift
from pyathena import connect
from pyathena.error import Error
from rich.table import Table

from infra.cli.aws import ROOT_KEY, client
from infra.cli.environment import DeployedEnvironment
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rows of a query: values by column, in order, and the bytes that it scanned."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    scanned_bytes: int | None
    """None where the engine does not say."""
    milliseconds: int


def query(sql: str, *, environment: DeployedEnvironment, settings: LocalSettings) -> Answer:
    """Run one statement in the environment's work group and database.

    Raises:
        Failed: Athena's reason.
    """
    # A statement that fails is said in a line; pyathena would print its own traceback before it.
    logging.getLogger("pyathena").setLevel(logging.CRITICAL)
    connection = connect(
        work_group=environment.workgroup,
        schema_name=environment.database,
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
        poll_interval=0.2,
    )
    with connection, connection.cursor() as cursor:
        try:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        except Error as error:
            raise Failed(f"Athena: {error}") from error
        return Answer(
            columns=tuple(column[0] for column in cursor.description or ()),
            rows=rows,
            scanned_bytes=cursor.data_scanned_in_bytes or 0,
            milliseconds=cursor.total_execution_time_in_millis or 0,
        )


def query_redshift(
    sql: str, *, environment: DeployedEnvironment, settings: LocalSettings
) -> Answer:
    """Run one statement of Athena's dialect in the environment's Redshift; values are texts.

    Raises:
        Failed: the environment has no Redshift, or Redshift's reason.
    """
    if not environment.redshift_workgroup:
        raise Failed(f"{environment.name} has no Redshift: deploy it by `lake up --redshift`")
    target = RedshiftTarget(
        workgroup=environment.redshift_workgroup,
        database=environment.redshift_database,
        client=client("redshift-data", settings),
    )
    began = time.monotonic()
    try:
        rows = target.query(sql)
    except (QueryFailed, UnsupportedByRedshift) as error:
        raise Failed(f"Redshift: {error}") from error
    return Answer(
        columns=tuple(rows[0]) if rows else (),
        rows=[tuple(row.values()) for row in rows],
        scanned_bytes=None,
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def print_answer(answer: Answer) -> None:
    """Print the rows as a table, and what the query cost."""
    table = Table(header_style="bold")
    for column in answer.columns:
        table.add_column(column, overflow="fold")
    for row in answer.rows:
        table.add_row(*("NULL" if value is None else str(value) for value in row))
    console.print(table)
    scanned = "" if answer.scanned_bytes is None else f"{answer.scanned_bytes:,} bytes scanned, "
    console.print(f"[dim]{len(answer.rows)} rows, {scanned}{answer.milliseconds} ms[/]")
