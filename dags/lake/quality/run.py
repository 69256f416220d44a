"""Running the checks of a table: what they give, where it is kept, what is open after it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from lake.dataset.check import Check, RowCheck
from lake.dataset.check_figures import Freshness, RowCount, Total
from lake.dataset.checks import Anomaly, SchemaDrift, Source
from lake.quality.anomaly import figure, judge_anomaly
from lake.quality.documents import CheckedTable, CheckReport, CheckResult, Loaded, Scope
from lake.quality.judge import Verdict, judge_age, judge_count, judge_rows, judge_total
from lake.quality.others import judge_schema, judge_source, totals
from lake.quality.results import Results
from lake.quality.scan import Figures, Slice, failing_rows, sample, scan
from lake.targets import Target

log = logging.getLogger(__name__)

MOST_DAYS_OF_A_SAMPLE = 31


def run_checks(
    *,
    target: Target,
    checked: CheckedTable,
    scope: Scope,
    run_id: str,
    loaded: Loaded | None = None,
    now: datetime | None = None,
) -> CheckReport:
    """Run the checks of a table, and write what they give to `quality_results`.

    A check that does not hold raises nothing: the report says it. Run again, it replaces what this
    run wrote before.

    Args:
        target: where the table is.
        checked: the table and its checks.
        scope: what the run touched.
        run_id: the run.
        loaded: what a load says of its files; None where the run loads none.
        now: the time in UTC; that of the clock by default.

    Raises:
        lake.pipeline.athena.QueryFailed: the engine refused a statement, such as a condition of the
            file that is no SQL; then nothing is written.
    """
    now = now or datetime.now(UTC)
    results = Results(target, checked.name)
    run = _Run(target, checked, scope, results, loaded, now)
    found = tuple(run.results())
    if found:
        results.write(found, run_id=run_id, checked_at=now)
    titles = [check.title for _, check in checked.checks.declared]
    report = CheckReport(
        target=target.name,
        table=checked.name,
        owner=checked.owner,
        run_id=run_id,
        checked_at=now,
        results=found,
        open=results.open(titles, now),
    )
    for result in found:
        log.info("%s%s: %s, %s", result.check, result.day or "", result.status, result.message)
    return report


@dataclass(frozen=True)
class _Run:
    """The checks of one run."""

    target: Target
    table: CheckedTable
    scope: Scope
    stored: Results
    loaded: Loaded | None
    now: datetime

    def results(self) -> Iterator[CheckResult]:
        """Those of all checks that the scope asks for."""
        declared = self.table.declared
        of_rows = [
            (kind, check)
            for kind, check in self.table.checks.declared
            if not isinstance(check, SchemaDrift | Source)
        ]
        over_table = [pair for pair in of_rows if pair[1].over_table(declared)]
        by_day = [pair for pair in of_rows if not pair[1].over_table(declared)]
        if over_table:
            yield from self._judged(over_table, Slice(days=None, by_day=False))
        if by_day and self.scope.days != ():
            yield from self._judged(by_day, Slice(days=self.scope.days, by_day=True))
        yield from self._others()

    def _judged(self, checks: Sequence[tuple[str, Check]], rows: Slice) -> Iterator[CheckResult]:
        figures = scan(self.target, self.table, [check for _, check in checks], rows)
        wanted: Sequence[date | None] = [None]
        if rows.by_day:
            wanted = sorted(rows.days if rows.days is not None else filter(None, figures))
        anomalies = [check.title for _, check in checks if isinstance(check, Anomaly)]
        history = self.stored.history(anomalies, self.now)
        for kind, check in checks:
            others = totals(self.target, check, rows.days) if isinstance(check, Total) else {}
            verdicts: dict[date | None, Verdict] = {}
            for day in wanted:
                of_day = figures.get(day, Figures())
                before = history.setdefault(check.title, {})
                verdicts[day] = self._verdict(check, of_day, day, before, others)
            yield from self._with_rows(kind, check, rows, verdicts)

    def _verdict(
        self,
        check: Check,
        figures: Figures,
        day: date | None,
        history: dict[date, float],
        others: Mapping[date | None, float],
    ) -> Verdict:
        match check:
            case RowCheck():
                return judge_rows(check, figures)
            case RowCount():
                return judge_count(check, figures)
            case Freshness():
                return judge_age(check, figures, self.now)
            case Total():
                return judge_total(check, figures, others.get(day, 0.0))
            case Anomaly():
                on = day or self.now.date()
                verdict = judge_anomaly(check, figures, on, history)
                if (measured := figure(check, figures)) is not None:
                    history[on] = measured
                return verdict
        raise TypeError(f"nothing judges {check.title}")

    def _with_rows(
        self, kind: str, check: Check, rows: Slice, verdicts: Mapping[date | None, Verdict]
    ) -> Iterator[CheckResult]:
        """The results of a check; of each that has failing rows, the query and some of them."""
        query: dict[date | None, str] = {}
        shown: list[dict[str, str | None]] = []
        if isinstance(check, RowCheck):
            bad = [day for day, each in verdicts.items() if each.status != "ok"]
            query = {
                day: self.target.native(failing_rows(self.table, check, _of_day(rows, day)))
                for day in bad
            }
            if bad:
                days = [day for day in bad if day][-MOST_DAYS_OF_A_SAMPLE:]
                few = replace(rows, days=days) if rows.by_day else rows
                shown = sample(self.target, self.table, check, few)
        for day, verdict in verdicts.items():
            own = [row for row in shown if not day or row[str(self.table.day)] == str(day)]
            yield _result(kind, check, verdict, day).model_copy(
                update={
                    "query": query.get(day, ""),
                    "sample": json.dumps(own, ensure_ascii=False) if own else "",
                }
            )

    def _others(self) -> Iterator[CheckResult]:
        """Those of the checks that read no row of the scan."""
        for kind, check in self.table.checks.declared:
            if isinstance(check, SchemaDrift):
                verdict = judge_schema(self.target, self.table, check, self.loaded)
                yield _result(kind, check, verdict, None)
            if isinstance(check, Source) and self.loaded is not None:
                verdict, query = judge_source(self.target, self.table, check, self.loaded)
                yield _result(kind, check, verdict, None).model_copy(update={"query": query})


def _of_day(rows: Slice, day: date | None) -> Slice:
    return replace(rows, days=[day]) if day else rows


def _result(kind: str, check: Check, verdict: Verdict, day: date | None) -> CheckResult:
    return CheckResult(
        check=check.title,
        kind=kind,
        severity=check.severity,
        status=verdict.status,
        day=day,
        measured=verdict.measured,
        threshold=verdict.threshold,
        rows=verdict.rows,
        failing_rows=verdict.failing_rows,
        message=verdict.message,
    )
