"""What a request of the API has to hold, and the record that it becomes."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from infra.local.athena.clients import Credentials
from infra.local.athena.errors import RequestError
from infra.local.athena.journal import Record
from infra.local.athena.statement import Statement
from infra.local.athena.workgroup import ENGINE_VERSION, QuerySettings

Request = Mapping[str, Any]


def required(request: Request, name: str) -> str:
    """A text that has to be in the request.

    Raises:
        RequestError: it is not.
    """
    value = request.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RequestError(f"{name} is required")
    return value


def fingerprint(request: Request, caller: Credentials) -> str:
    """What has to be equal when a request token comes again."""
    kept = {key: value for key, value in request.items() if key != "ClientRequestToken"}
    text = json.dumps([caller.access_key_id, kept], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def new_record(
    request: Request, statement: Statement, work_group: str, settings: QuerySettings
) -> Record:
    """The record of a query that was asked for: QUEUED, with an id of its own."""
    execution_id = str(uuid.uuid4())
    folder = settings.result_configuration["OutputLocation"]
    context = request.get("QueryExecutionContext") or {}
    document: dict[str, Any] = {
        "QueryExecutionId": execution_id,
        "Query": request["QueryString"],
        "StatementType": statement.type,
        "SubstatementType": statement.name,
        "WorkGroup": work_group,
        "ResultConfiguration": {
            **settings.result_configuration,
            "OutputLocation": f"{folder}{execution_id}{statement.result.value}",
        },
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Catalog": "awsdatacatalog", **context},
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "EngineVersion": ENGINE_VERSION,
        "Statistics": {
            "DataScannedInBytes": 0,
            "EngineExecutionTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "QueryQueueTimeInMillis": 0,
            "ServicePreProcessingTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "TotalExecutionTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
    }
    if request.get("ExecutionParameters"):
        document["ExecutionParameters"] = list(request["ExecutionParameters"])
    return Record(document)
