"""What kind of statement a text is, and where its result goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from infra.local.athena.errors import Position, syntax_error


class ResultKind(Enum):
    """How a result is laid out in S3: the suffix of the object named after the execution."""

    ROWS = ".csv"
    TEXT = ".txt"
    DATA = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement before it is read in full."""

    name: str
    """`SELECT`, `CREATE_TABLE_AS_SELECT`…: the `SubstatementType` of the API."""
    type: str
    """DML, DDL or UTILITY: the `StatementType` of the API."""
    result: ResultKind
    text: str


_SPACE = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_CREATE_TABLE_AS = r"create\s+table\b(?!.*\bexternal\b).*?\bas\s*\(?\s*(select|with|values|table)\b"
_KINDS: list[tuple[str, str, str, ResultKind]] = [
    (r"select\b|with\b|values\b|table\b|\(", "SELECT", "DML", ResultKind.ROWS),
    (r"unload\b", "UNLOAD", "DML", ResultKind.DATA),
    (r"insert\b", "INSERT", "DML", ResultKind.DATA),
    (r"update\b", "UPDATE", "DML", ResultKind.DATA),
    (r"delete\b", "DELETE", "DML", ResultKind.DATA),
    (r"merge\b", "MERGE", "DML", ResultKind.DATA),
    (r"optimize\b", "OPTIMIZE", "DML", ResultKind.DATA),
    (r"vacuum\b", "VACUUM", "DML", ResultKind.DATA),
    (r"explain\b", "EXPLAIN", "UTILITY", ResultKind.TEXT),
    (r"prepare\b", "PREPARE", "DDL", ResultKind.TEXT),
    (r"execute\b", "EXECUTE", "DML", ResultKind.ROWS),
    (r"deallocate\b", "DEALLOCATE", "DDL", ResultKind.TEXT),
    (r"show\s+tables\b", "SHOW_TABLES", "UTILITY", ResultKind.TEXT),
    (r"show\s+views\b", "SHOW_VIEWS", "UTILITY", ResultKind.TEXT),
    (r"show\s+(databases|schemas)\b", "SHOW_DATABASES", "UTILITY", ResultKind.TEXT),
    (r"show\s+partitions\b", "SHOW_PARTITIONS", "UTILITY", ResultKind.TEXT),
    (r"show\s+columns\b", "SHOW_COLUMNS", "UTILITY", ResultKind.TEXT),
    (r"show\s+tblproperties\b", "SHOW_TBLPROPERTIES", "UTILITY", ResultKind.TEXT),
    (r"show\s+create\s+table\b", "SHOW_CREATE_TABLE", "UTILITY", ResultKind.TEXT),
    (r"show\s+create\s+view\b", "SHOW_CREATE_VIEW", "UTILITY", ResultKind.TEXT),
    (r"desc(ribe)?\b", "DESCRIBE", "UTILITY", ResultKind.TEXT),
    (r"msck\s+repair\s+table\b", "MSCK_REPAIR_TABLE", "DDL", ResultKind.TEXT),
    (r"create\s+(or\s+replace\s+)?view\b", "CREATE_VIEW", "DDL", ResultKind.TEXT),
    (_CREATE_TABLE_AS, "CREATE_TABLE_AS_SELECT", "DDL", ResultKind.DATA),
    (r"create\s+(external\s+)?table\b", "CREATE_TABLE", "DDL", ResultKind.TEXT),
    (r"create\s+(database|schema)\b", "CREATE_DATABASE", "DDL", ResultKind.TEXT),
    (r"drop\s+(database|schema)\b", "DROP_DATABASE", "DDL", ResultKind.TEXT),
    (r"drop\s+table\b", "DROP_TABLE", "DDL", ResultKind.TEXT),
    (r"drop\s+view\b", "DROP_VIEW", "DDL", ResultKind.TEXT),
    (r"alter\s+(table|database|schema|view)\b", "ALTER_TABLE", "DDL", ResultKind.TEXT),
]


def classify(text: str) -> Statement:
    """The kind of a statement, by its first words; comments before them do not count.

    Raises:
        QueryError: no statement of Athena begins so.
    """
    body = re.sub(rf"^{_SPACE}", "", text.strip().removesuffix(";"), flags=re.DOTALL).rstrip()
    for pattern, name, kind, result in _KINDS:
        if re.match(pattern, body, re.IGNORECASE | re.DOTALL):
            return Statement(name, kind, result, body)
    first = re.match(r"\S*", body)
    word = first[0] if first else ""
    raise syntax_error(f"mismatched input '{word}'. Expecting: a statement", Position())
