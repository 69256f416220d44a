"""The saved queries of an environment: what a data engineer asks of any lake, and of its tables.

A file is a description, as the comment that it begins with, and one SELECT in Athena's dialect.
One below `of_each_data_set/` is saved once for each: `<table>` stands for the data set's table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from lake.dataset import DataSetError, find_data_sets, load_data_set
from lake.dataset.errors import Problem
from lake.models.audit import MODEL_AUDIT
from lake.models.query import QueryError, read_query
from lake.pipeline.ledger import FILES, RUNS
from lake.quality.results import QUALITY_RESULTS

OF_EACH_DATA_SET = "of_each_data_set"
TABLE = "<table>"
OWN_TABLES = frozenset({FILES, RUNS, MODEL_AUDIT.name, QUALITY_RESULTS.name})
"""What the lake writes of itself."""
METADATA = "$"
"""Before the name of a metadata table, such as `$files`; plain Parquet has none."""
MOST_NAME_CHARACTERS = 128
MOST_DESCRIPTION_CHARACTERS = 1024
"""https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateNamedQuery.html"""

_FILE = re.compile(r"\s*/\*(?P<description>.*?)\*/(?P<sql>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class NamedQuery:
    """A query that Athena keeps under a name."""

    name: str
    description: str
    sql: str


def read_named_queries(
    folder: Path, *, data_sets: Path, models: Collection[str]
) -> list[NamedQuery]:
    """The queries of a folder by name, for the tables of the models and of the data set files.

    Raises:
        DataSetError: a file has no description, is no SELECT of Athena's, or reads a table that
            nothing makes; the message names it.
    """
    declared = [load_data_set(path) for path in find_data_sets(data_sets)]
    tables = [data_set.table_name for data_set in declared]
    known = {*models, *OWN_TABLES, *tables, *(f"{table}_quarantine" for table in tables)}
    found = [
        _read(path, path.read_text(), path.stem, known) for path in sorted(folder.glob("*.sql"))
    ]
    for path in sorted((folder / OF_EACH_DATA_SET).glob("*.sql")):
        text = path.read_text()
        for data_set in declared:
            if METADATA in text and data_set.target.format != "iceberg":
                continue
            table = data_set.table_name
            found.append(_read(path, text.replace(TABLE, table), f"{table}_{path.stem}", known))
    return sorted(found, key=lambda query: query.name)


def _read(path: Path, text: str, name: str, known: Collection[str]) -> NamedQuery:
    parts = _FILE.fullmatch(text)
    description = " ".join(parts["description"].split()) if parts else ""
    if not parts or not description:
        message = "should begin with its description, a comment, and go on with a SELECT"
        raise DataSetError(path, [Problem("", message, "/* What it answers. */ SELECT ...")])
    try:
        query = read_query(parts["sql"])
    except QueryError as error:
        raise DataSetError(path, [Problem("the SELECT", str(error))]) from None
    problems = list(_too_long(name, description))
    if query.takes_days:
        problems.append(Problem("the SELECT", "has :days, which only a model's load gives"))
    for table in sorted(query.reads):
        if (made := table.partition(METADATA)[0]) not in known:
            near = difflib.get_close_matches(made, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; delete the file, or make the table"
            message = f"reads {made}, which no data set and no model makes{hint}"
            problems.append(Problem("the SELECT", message))
    if problems:
        raise DataSetError(path, problems)
    return NamedQuery(name=name, description=description, sql=query.text)


def _too_long(name: str, description: str) -> Iterator[Problem]:
    for what, text, most in (
        ("name", name, MOST_NAME_CHARACTERS),
        ("description", description, MOST_DESCRIPTION_CHARACTERS),
    ):
        if len(text) > most:
            yield Problem(what, f"{len(text)} characters, Athena takes {most}")
