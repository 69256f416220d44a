"""Athena, as the stages ask it: one statement at a time, small answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

type Row = dict[str, str | None]
"""Values by column, as text; NULL is None."""

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 3.0
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


class QueryFailed(RuntimeError):
    """Athena could not answer; the message has its reason and the statement."""


@dataclass(frozen=True, kw_only=True)
class Athena:
    """A database and a work group of Athena."""

    database: str
    workgroup: str
    client: AthenaClient

    @classmethod
    def connect(cls, *, database: str, workgroup: str) -> Self:
        """Athena as the process's own credentials and endpoint reach it."""
        config = Config(retries={"mode": "standard", "max_attempts": 10})
        return cls(
            database=database, workgroup=workgroup, client=boto3.client("athena", config=config)
        )

    def query(self, sql: str) -> list[Row]:
        """The rows that a SELECT gives.

        Raises:
            QueryFailed: it failed, or was cancelled.
        """
        return self._rows(self._run(sql))

    def execute(self, sql: str) -> None:
        """Run a statement that gives no rows.

        Raises:
            QueryFailed: it failed, or was cancelled.
        """
        self._run(sql)

    def _run(self, sql: str) -> str:
        started = self.client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            WorkGroup=self.workgroup,
        )
        query_id = started["QueryExecutionId"]
        wait_seconds = FIRST_WAIT_SECONDS
        while True:
            status = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"][
                "Status"
            ]
            if status["State"] in ENDED:
                break
            time.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
        if status["State"] != "SUCCEEDED":
            raise QueryFailed(f"{status.get('StateChangeReason', status['State'])}: {sql[:2000]}")
        return query_id

    def _rows(self, query_id: str) -> list[Row]:
        rows: list[Row] = []
        names: list[str] | None = None
        for page in self.client.get_paginator("get_query_results").paginate(
            QueryExecutionId=query_id
        ):
            for row in page["ResultSet"]["Rows"]:
                values = [cell.get("VarCharValue") for cell in row["Data"]]
                if names is None:  # the first row of a SELECT's answer has the names
                    names = [str(value) for value in values]
                else:
                    rows.append(dict(zip(names, values, strict=True)))
        return rows
