"""The checks of a model, after a load of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lake.models.model import Model
from lake.quality.documents import CheckedTable, CheckReport, Scope
from lake.quality.run import run_checks
from lake.targets import Target


def check_model(model: Model, *, target: Target, days: Sequence[str], run_id: str) -> CheckReport:
    """Run the checks of a model over the days that were computed, or over the whole table."""
    checked = CheckedTable(
        name=model.table_name,
        keys=model.keys,
        columns=model.column_types,
        checks=model.checks,
        day=model.by_day,
        owner=model.owner,
    )
    scope = Scope(days=tuple(map(date.fromisoformat, days)) if model.by_day else None)
    return run_checks(target=target, checked=checked, scope=scope, run_id=run_id)
