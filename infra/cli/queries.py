"""The queries that Athena keeps in the environment's work group."""

from __future__ import annotations

import difflib
from itertools import batched
from typing import Any

from rich.table import Table

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.steps import Failed, console
from infra.local.settings import LocalSettings

A_CALL = 50
"""https://docs.aws.amazon.com/athena/latest/APIReference/API_BatchGetNamedQuery.html"""


def named_query(name: str, *, environment: DeployedEnvironment, settings: LocalSettings) -> str:
    """The SQL that is saved under a name.

    Raises:
        Failed: nothing is; it says what is nearest.
    """
    saved = {each["Name"]: each["QueryString"] for each in _saved(environment, settings)}
    if name not in saved:
        near = difflib.get_close_matches(name, saved, n=1)
        hint = f"did you mean {near[0]}?" if near else "`lake queries` lists them"
        raise Failed(f"no query {name} in the work group {environment.workgroup}; {hint}")
    return str(saved[name])


def print_queries(*, environment: DeployedEnvironment, settings: LocalSettings) -> None:
    """Print each query with what it answers."""
    table = Table("name", "what it answers", header_style="bold")
    for each in sorted(_saved(environment, settings), key=lambda query: str(query["Name"])):
        table.add_row(each["Name"], each.get("Description", ""))
    console.print(table)


def _saved(environment: DeployedEnvironment, settings: LocalSettings) -> list[Any]:
    athena = client("athena", settings)
    pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=environment.workgroup)
    ids = [query_id for page in pages for query_id in page["NamedQueryIds"]]
    return [
        query
        for some in batched(ids, A_CALL)
        for query in athena.batch_get_named_query(NamedQueryIds=list(some))["NamedQueries"]
    ]
