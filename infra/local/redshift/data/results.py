"""Results in files: written as a statement ends, read back in pages, removed after a day.

The first line of a file has its columns, each other line a row, in the format that was asked for.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.redshift.engine import Outcome, OutcomeColumn, RedshiftError, Value
from infra.local.redshift.errors import invalid

PAGE_ROWS = 1000
PAGE_BYTES = 1 << 20
MOST_BYTES = 500 << 20
"""The Data API gives no larger result."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a result: fields of the API, or lines of CSV."""

    columns: list[dict[str, Any]]
    total_rows: int
    rows: list[Any]
    token: str | None


@dataclass(frozen=True)
class Results:
    """The results of all statements, in one folder."""

    folder: Path

    def write(self, statement_id: str, outcome: Outcome, *, csv_text: bool) -> int:
        """Write a result; its size in bytes comes back.

        Raises:
            RedshiftError: it is larger than the Data API allows.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = {"columns": [_column(each) for each in outcome.columns], "rows": outcome.row_count}
        size_bytes = 0
        with self._file(statement_id).open("w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(head) + "\n")
            for record in outcome.records():
                line = json.dumps(_csv(record) if csv_text else [_field(each) for each in record])
                file.write(line + "\n")
                size_bytes += len(line)
                if size_bytes > MOST_BYTES:
                    raise RedshiftError(f"The result is larger than {MOST_BYTES >> 20} MB.")
        return size_bytes

    def page(self, statement_id: str, token: str | None) -> Page:
        """Rows of a result, from its beginning or from where `token` says.

        Raises:
            ApiError: the token is none.
            FileNotFoundError: there is no result.
        """
        with self._file(statement_id).open("rb") as file:
            head = json.loads(file.readline())
            begin = file.tell()
            end = file.seek(0, io.SEEK_END)
            file.seek(_offset(token, begin=begin, end=end))
            rows: list[Any] = []
            size_bytes = 0
            while len(rows) < PAGE_ROWS and size_bytes < PAGE_BYTES and (line := file.readline()):
                rows.append(json.loads(line))
                size_bytes += len(line)
            following = _token(file.tell()) if file.tell() < end else None
        return Page(head["columns"], head["rows"], rows, following)

    def drop(self, statement_id: str) -> None:
        """Remove the results of a statement, and those of the statements of a batch."""
        for file in self.folder.glob(f"{statement_id}*"):
            file.unlink(missing_ok=True)

    def _file(self, statement_id: str) -> Path:
        return self.folder / statement_id.replace(":", "-")


def _column(column: OutcomeColumn) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "isCaseSensitive": column.is_case_sensitive,
        "isCurrency": False,
        "isSigned": column.is_signed,
        "label": column.label,
        "name": column.name,
        "nullable": column.nullable,
        "precision": column.precision,
        "scale": column.scale,
        "schemaName": column.schema_name,
        "tableName": column.table_name,
        "typeName": column.type_name,
        "length": column.length,
    }
    if column.column_default is not None:
        shown["columnDefault"] = column.column_default
    return shown


def _field(value: Value) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _csv(record: tuple[Value, ...]) -> str:
    text = io.StringIO()
    shown = [str(each).lower() if isinstance(each, bool) else each for each in record]
    csv.writer(text, lineterminator="\r\n").writerow(shown)
    return text.getvalue()


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(token: str | None, *, begin: int, end: int) -> int:
    if token is None:
        return begin
    try:
        offset = int(base64.urlsafe_b64decode(token.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise invalid("The NextToken is not valid.") from error
    if not begin <= offset <= end:
        raise invalid("The NextToken is not valid.")
    return offset
