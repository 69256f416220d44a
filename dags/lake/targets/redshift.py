"""Redshift as a target: the tables of the environment's database in Redshift Serverless.

Every statement goes through the Data API, with database credentials that are made for the caller
(https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from lake.pipeline.athena import QueryFailed, Row
from lake.settings import LakeSettings, SettingsMissing
from lake.targets import redshift_ddl
from lake.targets.redshift_sql import for_redshift
from lake.targets.table import TableDefinition

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 3.0
ENDED = {"FINISHED", "FAILED", "ABORTED"}
SCHEMA = "public"


@dataclass(frozen=True, kw_only=True)
class RedshiftTarget:
    """A work group and a database of Redshift Serverless; see `Target`."""

    workgroup: str
    database: str
    client: RedshiftDataAPIServiceClient
    name: str = "redshift"

    @classmethod
    def of(cls, settings: LakeSettings) -> Self:
        """The target of the environment that this process belongs to.

        Raises:
            lake.settings.SettingsMissing: the environment has no Redshift.
        """
        workgroup, database = settings.redshift_workgroup, settings.redshift_database
        if not workgroup or not database:
            raise SettingsMissing("the environment lacks lake.redshift_workgroup or its database")
        config = Config(retries={"mode": "standard", "max_attempts": 10})
        return cls(
            workgroup=workgroup,
            database=database,
            client=boto3.client("redshift-data", config=config),
        )

    def query(self, sql: str) -> list[Row]:
        """See `Target`."""
        return self._rows(for_redshift(sql))

    def execute(self, sql: str) -> None:
        """See `Target`."""
        self._run(for_redshift(sql))

    def native(self, sql: str) -> str:
        """See `Target`."""
        return for_redshift(sql)

    def columns(self, table: str) -> Mapping[str, str] | None:
        """See `Target`; the types are those of a data set file."""
        rows = self._rows(
            "SELECT column_name, data_type, numeric_precision, numeric_scale FROM svv_columns "  # noqa: S608  # names are held to [a-z0-9_]
            f"WHERE table_schema = '{SCHEMA}' AND table_name = '{table}' ORDER BY ordinal_position"
        )
        types = {str(row["column_name"]): redshift_ddl.declared_type(row) for row in rows}
        return types or None

    def ensure(self, table: TableDefinition) -> None:
        """See `Target`."""
        there = self.columns(table.name)
        if there is None:
            self._run(redshift_ddl.create_table(table))
            return
        for column in table.missing(there):  # Redshift adds one at a time
            self._run(redshift_ddl.add_column(table, column))

    def _rows(self, sql: str) -> list[Row]:
        statement = self._run(sql)
        pages = self.client.get_paginator("get_statement_result").paginate(Id=statement)
        rows: list[Row] = []
        for page in pages:
            names = [column.get("label") or column["name"] for column in page["ColumnMetadata"]]
            rows += [
                {name: _text(field) for name, field in zip(names, record, strict=True)}
                for record in page["Records"]
            ]
        return rows

    def _run(self, sql: str) -> str:
        started = self.client.execute_statement(
            WorkgroupName=self.workgroup, Database=self.database, Sql=sql
        )
        statement, wait_seconds = started["Id"], FIRST_WAIT_SECONDS
        while True:
            status = self.client.describe_statement(Id=statement)
            if status["Status"] in ENDED:
                break
            time.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
        if status["Status"] != "FINISHED":
            raise QueryFailed(f"{status.get('Error', status['Status'])}: {sql[:2000]}")
        return statement


def _text(field: Mapping[str, Any]) -> str | None:
    """A value of the Data API as Athena would write it."""
    if field.get("isNull"):
        return None
    value = next(iter(field.values()))
    return str(value).lower() if isinstance(value, bool) else str(value)
