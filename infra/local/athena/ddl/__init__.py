"""Statements that change or show the catalog: Hive's grammar, Glue's objects."""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.athena.journal import Outcome, ResultColumn
from infra.local.athena.work import Work


def text_result(work: Work, lines: Sequence[str], *columns: str) -> Outcome:
    """Write the lines of a DDL or utility statement to `<id>.txt`."""
    body = "".join(f"{line}\n" for line in lines)
    work.results.put(work.output, body.encode())
    work.results.put(f"{work.output}.metadata", b"")
    return Outcome(columns=tuple(ResultColumn(name, "string") for name in columns))
