"""The Data API, answered by an engine in this process: what the target asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.local.redshift.engine import Outcome, RedshiftError, Session


class EngineDataApi:
    """A client of the Data API whose statements have ended when they have begun."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._ended: dict[str, Outcome | RedshiftError] = {}

    def execute_statement(self, *, Sql: str, **target: str) -> dict[str, str]:  # as boto3 has it
        assert target == {"WorkgroupName": "lake-dev", "Database": "lake"}
        name = str(len(self._ended))
        try:
            self._ended[name] = self.session.run(Sql)
        except RedshiftError as error:
            self._ended[name] = error
        return {"Id": name}

    def describe_statement(self, *, Id: str) -> dict[str, str]:
        ended = self._ended[Id]
        if isinstance(ended, RedshiftError):
            return {"Status": "FAILED", "Error": str(ended)}
        return {"Status": "FINISHED"}

    def get_paginator(self, name: str) -> EngineDataApi:
        assert name == "get_statement_result"
        return self

    def paginate(self, *, Id: str) -> Iterator[dict[str, Any]]:
        outcome = self._ended[Id]
        assert isinstance(outcome, Outcome)
        yield {
            "ColumnMetadata": [{"name": column.name} for column in outcome.columns],
            "Records": [[_field(value) for value in row] for row in outcome.records()],
        }


def _field(value: object) -> dict[str, Any]:
    """A value as the Data API types it."""
    if value is None:
        return {"isNull": True}
    names = {bool: "booleanValue", int: "longValue", float: "doubleValue", str: "stringValue"}
    return {names[type(value)]: value}
