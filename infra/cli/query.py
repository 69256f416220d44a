"""Queries through Athena's own API, and how their rows are printed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyathena import connect
from pyathena.error import Error
from rich.table import Table

from infra.cli.aws import ROOT_KEY
from infra.cli.environment import DeployedEnvironment
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rows of a query: values by column, in order, and the bytes that it scanned."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    scanned_bytes: int
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


def print_answer(answer: Answer) -> None:
    """Print the rows as a table, and what the query cost."""
    table = Table(header_style="bold")
    for column in answer.columns:
        table.add_column(column, overflow="fold")
    for row in answer.rows:
        table.add_row(*("NULL" if value is None else str(value) for value in row))
    console.print(table)
    console.print(
        f"[dim]{len(answer.rows)} rows, {answer.scanned_bytes:,} bytes scanned, "
        f"{answer.milliseconds} ms[/]"
    )
