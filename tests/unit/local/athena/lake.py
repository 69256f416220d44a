"""A small lake on moto, and a client of the engine that waits."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.local.athena import Credentials, Engine

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CALLER = Credentials("test", "test")
OUTPUT = {"OutputLocation": "s3://results/out"}


class QueryFailed(Exception):
    """The query did not succeed: its state and its reason."""


@dataclass(slots=True)
class Lake:
    """Buckets `data` and `results`, a database `lake`, and an engine over them."""

    engine: Engine
    s3: S3Client
    glue: GlueClient
    caller: Credentials = CALLER

    def start(self, sql: str, **request: Any) -> str:
        """Start a query; its id."""
        request = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": "lake"},
            "ResultConfiguration": OUTPUT,
            **request,
        }
        return str(self.call("StartQueryExecution", **request)["QueryExecutionId"])

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """An operation that has to succeed."""
        status, answer = self.engine.handle(operation, request, self.caller)
        assert status == 200, answer
        return answer

    def refused(self, operation: str, **request: Any) -> str:
        """The message of an operation that has to be refused."""
        status, answer = self.engine.handle(operation, request, self.caller)
        assert status == 400, answer
        return f"{answer['__type']}: {answer['message']}"

    def wait(self, execution_id: str, timeout_seconds: float = 30) -> dict[str, Any]:
        """The execution when it has ended."""
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            answer = self.call("GetQueryExecution", QueryExecutionId=execution_id)
            execution: dict[str, Any] = answer["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return execution
            time.sleep(0.01)
        raise TimeoutError(execution_id)

    def execute(self, sql: str, **request: Any) -> dict[str, Any]:
        """Run a query that has to succeed; its execution."""
        execution = self.wait(self.start(sql, **request))
        if execution["Status"]["State"] != "SUCCEEDED":
            reason = execution["Status"].get("StateChangeReason", "")
            raise QueryFailed(f"{execution['Status']['State']} {reason}")
        return execution

    def rows(self, sql: str, **request: Any) -> list[tuple[str | None, ...]]:
        """The rows of a query, without the names of its columns."""
        execution = self.execute(sql, **request)
        rows = self.results(execution["QueryExecutionId"])
        location = execution["ResultConfiguration"]["OutputLocation"]
        return rows[1:] if location.endswith(".csv") else rows

    def results(self, execution_id: str, **request: Any) -> list[tuple[str | None, ...]]:
        """A page of a result as it comes."""
        answer = self.call("GetQueryResults", QueryExecutionId=execution_id, **request)
        return [
            tuple(value.get("VarCharValue") for value in row["Data"])
            for row in answer["ResultSet"]["Rows"]
        ]

    def put(self, uri: str, body: bytes) -> None:
        """Write an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def read(self, uri: str) -> bytes:
        """Read an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put_parquet(self, uri: str, columns: Mapping[str, Any]) -> None:
        """Write columns as a Parquet object."""
        buffer = io.BytesIO()
        pq.write_table(pa.table(dict(columns)), buffer)
        self.put(uri, buffer.getvalue())

    def table(
        self,
        name: str,
        columns: Mapping[str, str],
        *,
        location: str,
        keys: Mapping[str, str] | None = None,
        serde: str = PARQUET,
        serde_parameters: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """Register a table."""
        self.glue.create_table(
            DatabaseName="lake",
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": dict(parameters or {}),
                "PartitionKeys": [{"Name": k, "Type": v} for k, v in (keys or {}).items()],
                "StorageDescriptor": {
                    "Columns": [{"Name": k, "Type": v} for k, v in columns.items()],
                    "Location": location,
                    "SerdeInfo": {
                        "SerializationLibrary": serde,
                        "Parameters": dict(serde_parameters or {}),
                    },
                },
            },
        )

    def partition(self, table: str, values: list[str], location: str) -> None:
        """Register a partition."""
        self.glue.create_partition(
            DatabaseName="lake",
            TableName=table,
            PartitionInput={"Values": values, "StorageDescriptor": {"Location": location}},
        )


def scanned_bytes(execution: dict[str, Any]) -> int:
    """What a query says it read."""
    return int(execution["Statistics"]["DataScannedInBytes"])
