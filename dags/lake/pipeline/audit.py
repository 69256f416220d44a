"""Audit: which of the converted files the table can take, before any reader sees a row of them."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from lake.convert import FileRefused, reconcile
from lake.pipeline.apply import roll_forward
from lake.pipeline.conflicts import conflicting
from lake.pipeline.documents import FileOutcome, Plan
from lake.pipeline.lake import Lake
from lake.pipeline.line_numbers import from_the_file_start
from lake.pipeline.results import Audit, BatchResult, RangeResult
from lake.pipeline.staged import Staged

log = logging.getLogger(__name__)


class AuditFailed(RuntimeError):
    """The staged objects do not hold what was converted."""


def audit(*, lake: Lake, plan: Plan) -> Audit:
    """Judge every file of a run, and write the judgement.

    A file is refused, and the others go on, where its ranges do not make up a file of the data set,
    or where its keys are those of other rows. A file of which a part was not converted is left for
    the next run. Content that the table holds already is `unchanged`.

    Raises:
        AuditFailed: Athena reads other rows than were converted.
    """
    places = lake.places.run(plan.run_id)
    change = roll_forward(lake)
    read = lake.store.read_many(
        (places.result(plan.attempt, number) for number in range(len(plan.labels))), BatchResult
    )
    batches = [batch for batch in read if batch is not None]
    results = [result for batch in batches for result in batch.results]
    outcomes = _known(lake, _judged(lake, results))
    parts = tuple(part for batch in batches for part in batch.parts)
    staged = Staged(lake, places.run, [batch.conversion for batch in batches if batch.parts], parts)
    outcomes = _checked(staged, outcomes, table_is_empty=not change)
    audited = Audit(
        change=change,
        files=tuple(outcomes),
        converted=tuple(sorted({r.range.file.key for r in results if not r.reason})),
        parts=parts,
        rejects=from_the_file_start(
            lake, rejects=[part for batch in batches for part in batch.rejects], results=results
        ),
    )
    lake.store.write(places.audit(plan.attempt), audited)
    return audited


def _judged(lake: Lake, results: Iterable[RangeResult]) -> list[FileOutcome]:
    """Each file whose ranges are all there, by its key."""
    files: dict[str, list[RangeResult]] = defaultdict(list)
    for result in results:
        files[result.range.file.key].append(result)
    outcomes = []
    for key, ranges in sorted(files.items()):
        ranges.sort(key=lambda result: result.range.start)
        if _is_complete(ranges):
            outcomes.append(_outcome(lake, ranges))
        else:
            log.warning("%s was not converted to its end: left for the next run", key)
    return outcomes


def _is_complete(results: Sequence[RangeResult]) -> bool:
    reached = 0
    for result in results:
        if result.range.start != reached:
            return False
        end = result.range.end
        reached = result.range.file.size_bytes if end is None else end
    return reached == results[0].range.file.size_bytes


def _outcome(lake: Lake, results: Sequence[RangeResult]) -> FileOutcome:
    file, reason = results[0].range.file, next((r.reason for r in results if r.reason), "")
    counts, sha256 = results[0].counts, results[0].sha256
    if not reason and not results[0].range.is_whole:
        try:
            whole = reconcile(lake.data_set, [result.conversion for result in results])
            counts, sha256 = whole.counts, whole.sha256
        except FileRefused as refused:
            reason, counts = refused.reason, refused.counts
    return FileOutcome(
        file=file,
        sha256=sha256,
        state="refused" if reason else "loaded",
        reason=reason,
        records=counts.lines,
        rows=counts.rows,
        quarantined=counts.rejected,
        control=counts.control,
        engine=results[0].engine,
        seconds=sum(result.seconds for result in results),
    )


def _known(lake: Lake, outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
    """With `unchanged` where the table holds the same content, converted by the same definition."""
    entries = lake.index.entries([outcome.key for outcome in outcomes])
    return [
        outcome.model_copy(update={"state": "unchanged"})
        if outcome.state == "loaded"
        and (entry := entries.get(outcome.key))
        and (entry.sha256, entry.definition) == (outcome.sha256, lake.definition)
        else outcome
        for outcome in outcomes
    ]


def _checked(
    staged: Staged, outcomes: Sequence[FileOutcome], *, table_is_empty: bool
) -> list[FileOutcome]:
    """The outcomes after Athena was asked."""
    accepted = {outcome.key: outcome.rows for outcome in outcomes if outcome.state == "loaded"}
    if not accepted:
        return list(outcomes)
    staged.ensure()
    _require_rows(staged, accepted)
    write = staged.lake.data_set.target.write
    reasons = conflicting(
        staged, accepted, write=write, replaced=accepted, table_is_empty=table_is_empty
    )
    return [
        outcome.model_copy(update={"state": "refused", "reason": reasons[outcome.key]})
        if outcome.key in reasons
        else outcome
        for outcome in outcomes
    ]


def _require_rows(staged: Staged, accepted: dict[str, int]) -> None:
    known = {part.key for part in staged.parts}
    counted: Counter[str] = Counter()
    for part, source_key, rows in staged.rows_by_part():
        if part in known:
            counted[source_key] += rows
    wrong = [
        f"{key}: {rows} rows were converted, Athena reads {counted[key]}"
        for key, rows in accepted.items()
        if counted[key] != rows
    ]
    if wrong:
        raise AuditFailed(f"{staged.name}: {'; '.join(wrong[:10])}")
