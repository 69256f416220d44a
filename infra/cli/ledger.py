"""The last runs of each data set, as the ledger has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict
from rich.table import Table

from infra.cli.environment import DeployedEnvironment
from infra.cli.query import query
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

LAST = 3
"""Runs shown of each data set."""


class LedgerRun(BaseModel):
    """A row of `lake_runs`."""

    model_config = ConfigDict(frozen=True)

    data_set: str
    run_id: str
    kind: str
    started_at: datetime
    files: int
    files_refused: int
    rows: int
    quarantined: int
    seconds: float

    @classmethod
    def of(cls, values: Sequence[object]) -> Self:
        """From the values of its columns, in their order."""
        return cls.model_validate(dict(zip(cls.model_fields, values, strict=True)))


def recent_runs(environment: str, settings: LocalSettings) -> list[LedgerRun]:
    """The last runs of each data set of an environment, the newest first.

    None where the environment is not deployed, or never ran.
    """
    columns = ", ".join(LedgerRun.model_fields)
    try:
        answer = query(
            f"SELECT {columns} FROM (SELECT *, row_number() OVER "  # noqa: S608  # names of this module
            "(PARTITION BY data_set ORDER BY ended_at DESC) AS place FROM lake_runs) "
            f"WHERE place <= {LAST} ORDER BY data_set, started_at DESC",
            environment=DeployedEnvironment.read(environment, settings),
            settings=settings,
        )
    except Failed:
        return []
    return [LedgerRun.of(values) for values in answer.rows]


def runs_table(runs: Sequence[LedgerRun]) -> Table:
    """The runs as they are printed."""
    table = Table(
        *(
            "data set",
            "run",
            "kind",
            "started",
            "files",
            "refused",
            "rows",
            "quarantined",
            "seconds",
        ),
        header_style="bold",
    )
    for run in runs:
        table.add_row(
            run.data_set,
            run.run_id,
            run.kind,
            f"{run.started_at:%Y-%m-%d %H:%M:%S}",
            f"{run.files:,}",
            f"[red]{run.files_refused:,}[/]" if run.files_refused else "0",
            f"{run.rows:,}",
            f"{run.quarantined:,}",
            f"{run.seconds:,.1f}",
        )
    return table
