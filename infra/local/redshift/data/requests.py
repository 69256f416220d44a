"""What a request to run statements has to hold, and the record that it becomes."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.redshift.data.caller import Caller
from infra.local.redshift.data.journal import Record
from infra.local.redshift.errors import invalid

type Request = Mapping[str, Any]

MOST_TEXT_BYTES = 100 << 10
"""https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html"""

_PLACE = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|(?<!:):([A-Za-z_]\w*)", re.DOTALL
)


def statements_of(request: Request) -> list[str]:
    """The statements of the request.

    Raises:
        ApiError: there is none, or they are too long.
    """
    sqls = list(request["Sqls"]) if "Sqls" in request else [request["Sql"]]
    for sql in sqls:
        if not sql.strip():
            raise invalid("Sql cannot be empty.")
    if sum(len(sql.encode()) for sql in sqls) > MOST_TEXT_BYTES:
        raise invalid(f"The query text is longer than {MOST_TEXT_BYTES >> 10} KB.")
    return sqls


def parameters_of(request: Request, sqls: Sequence[str]) -> dict[str, str | None]:
    """The values of `:name`, each of which has to be used, and each use to have a value.

    Raises:
        ApiError: they do not fit together.
    """
    given: dict[str, str | None] = {}
    for each in request.get("Parameters") or []:
        if each["name"] in given:
            raise invalid(f"Parameters: {each['name']} is given twice.")
        given[each["name"]] = each["value"]
    if not given:
        return given  # without any, a colon is left to the database
    used = {match[1] for sql in sqls for match in _PLACE.finditer(sql) if match[1]}
    if unused := sorted(given.keys() - used):
        raise invalid(f"Parameters list contains unused parameters. Unused parameters: {unused}")
    if missing := sorted(used - given.keys()):
        raise invalid(f"Parameters list is missing parameters: {missing}")
    return given


def fingerprint(request: Request) -> str:
    """What has to be equal when a client token comes again."""
    left_out = ("ClientToken", "WaitTimeSeconds")
    kept = {key: value for key, value in request.items() if key not in left_out}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def new_record(
    request: Request,
    sqls: Sequence[str],
    *,
    caller: Caller,
    workgroup: str,
    database: str,
    db_user: str,
    session_id: str | None,
) -> Record:
    """The record of what was sent: SUBMITTED, with an id of its own."""
    batch = "Sqls" in request
    id, now = str(uuid.uuid4()), time.time()
    document: dict[str, Any] = {
        "Id": id,
        "Status": "SUBMITTED",
        "CreatedAt": now,
        "UpdatedAt": now,
        "Duration": -1,
        "RedshiftPid": 0,
        "RedshiftQueryId": -1 if batch else 0,
        "HasResultSet": False,
        "ResultRows": -1,
        "ResultSize": -1,
        "ResultFormat": request.get("ResultFormat", "JSON").lower(),
        "Database": database,
        "DbUser": db_user,
        "WorkgroupName": workgroup,
    }
    if "SecretArn" in request:
        document["SecretArn"] = request["SecretArn"]
    if request.get("Parameters"):
        document["QueryParameters"] = list(request["Parameters"])
    if session_id is not None:
        document["SessionId"] = session_id
    if batch:
        document["ExecutionMode"] = request.get("ExecutionMode", "TRANSACTION")
        document["SubStatements"] = [_part(f"{id}:{n}", sql) for n, sql in enumerate(sqls, 1)]
    else:
        document["QueryString"] = sqls[0]
    return Record(
        document=document,
        owner=caller.user_id,
        name=request.get("StatementName") or None,
        batch=batch,
    )


def _part(id: str, sql: str) -> dict[str, Any]:
    return {
        "Id": id,
        "Status": "SUBMITTED",
        "Duration": -1,
        "RedshiftQueryId": 0,
        "HasResultSet": False,
        "ResultRows": -1,
        "ResultSize": -1,
        "QueryString": sql,
    }
