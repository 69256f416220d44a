"""What clients ask about statements that were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.redshift.data.caller import Caller
from infra.local.redshift.data.journal import UNFINISHED, Journal, Record
from infra.local.redshift.data.results import Page, Results
from infra.local.redshift.errors import ApiError, invalid

type Request = Mapping[str, Any]
type Answer = dict[str, Any]

_MOST_LISTED = 100


def submitted(record: Record) -> Answer:
    """The answer to who sent a statement."""
    document = record.document
    names = ("Id", "CreatedAt", "Database", "DbUser", "SecretArn", "SessionId", "WorkgroupName")
    return {name: document[name] for name in names if name in document}


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The operations that read; each takes and gives what the API does."""

    journal: Journal
    results: Results
    caller: Caller

    def own(self, statement_id: str) -> Record:
        """A statement of the caller's, by its id or that of a part of it.

        Raises:
            ApiError: there is none.
        """
        record = self.journal.get(statement_id.partition(":")[0])
        if record is None or record.owner.partition(":")[0] != self.caller.principal_id:
            raise _no_such_query(statement_id)
        return record

    def describe(self, request: Request) -> Answer:
        """DescribeStatement."""
        id = request["Id"]
        record = self.own(id)
        return record.document | _part(record, id)

    def result(self, request: Request) -> Answer:
        """GetStatementResult."""
        page, record = self._page(request)
        if record.document["ResultFormat"] != "json":
            raise invalid("The result is CSV: use GetStatementResultV2.")
        return _with_token(
            {
                "ColumnMetadata": page.columns,
                "Records": page.rows,
                "TotalNumRows": page.total_rows,
            },
            page,
        )

    def result_v2(self, request: Request) -> Answer:
        """GetStatementResultV2."""
        page, record = self._page(request)
        if record.document["ResultFormat"] != "csv":
            raise invalid("The result is JSON: use GetStatementResult.")
        return _with_token(
            {
                "ColumnMetadata": page.columns,
                "Records": [{"CSVRecords": "".join(page.rows)}],
                "TotalNumRows": page.total_rows,
                "ResultFormat": "csv",
            },
            page,
        )

    def listing(self, request: Request) -> Answer:
        """ListStatements; without a status, those that finished are listed, too."""
        token = request.get("NextToken")
        if token is not None and not token.isdigit():
            raise invalid("The NextToken is not valid.")
        most = int(request.get("MaxResults") or _MOST_LISTED)
        found: list[Answer] = []
        last = 0
        for number, record in self.journal.listed(
            owner=self.caller.user_id,
            role_level=request.get("RoleLevel", True),
            before=int(token) if token else None,
        ):
            if not _wanted(record, request):
                continue
            if len(found) == most:
                return {"Statements": found, "NextToken": str(last)}
            found.append(_listed(record))
            last = number
        return {"Statements": found}

    def _page(self, request: Request) -> tuple[Page, Record]:
        id = request["Id"]
        record = self.own(id)
        part = _part(record, id) or record.document
        if record.batch and part is record.document:
            raise invalid("A batch has results by its statements: ask with the Id of one of them.")
        if record.status in UNFINISHED or not part["HasResultSet"] or record.status != "FINISHED":
            raise ApiError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
                ResourceId=id,
            )
        return self.results.page(part["Id"], request.get("NextToken")), record


def _part(record: Record, id: str) -> Answer:
    """The statement of a batch that has the id; empty for the id of the batch itself."""
    if id == record.id:
        return {}
    for part in record.document.get("SubStatements", []):
        if part["Id"] == id:
            return dict(part)
    raise _no_such_query(id)


def _no_such_query(id: str) -> ApiError:
    return ApiError("ResourceNotFoundException", "Query does not exist.", ResourceId=id)


def _with_token(answer: Answer, page: Page) -> Answer:
    return answer if page.token is None else answer | {"NextToken": page.token}


def _wanted(record: Record, request: Request) -> bool:
    status = request.get("Status", "ALL")
    name = request.get("StatementName")
    wanted = {
        "Database": request.get("Database"),
        "WorkgroupName": request.get("WorkgroupName"),
    }
    return (
        status in ("ALL", record.status)
        and (not name or (record.name or "").startswith(name))
        and all(value in (None, record.document[key]) for key, value in wanted.items())
    )


def _listed(record: Record) -> Answer:
    document = record.document
    names = (
        "Id",
        "SecretArn",
        "Status",
        "CreatedAt",
        "UpdatedAt",
        "QueryParameters",
        "ResultFormat",
        "SessionId",
    )
    listed = {name: document[name] for name in names if name in document}
    if record.name:
        listed["StatementName"] = record.name
    if record.batch:
        sqls = [part["QueryString"] for part in document["SubStatements"]]
        return listed | {"IsBatchStatement": True, "QueryStrings": sqls}
    return listed | {"IsBatchStatement": False, "QueryString": document["QueryString"]}
