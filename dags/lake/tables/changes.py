"""What a table has to gain and lose, so that a run's rows are in it as its data set says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

from lake.dataset.column import SOURCE_KEY
from lake.tables.documents import Part, PartChanges, RejectedRow
from lake.tables.judges import REJECT_COLUMNS, RejectedRows, SourceKeys
from lake.tables.rewrite import Judge, Kept, Rewriter
from lake.tables.table import LakeTable
from lake.tables.upsert import Incoming, groups

Write = Literal["append", "upsert", "overwrite_partitions"]


def changes_for(
    table: LakeTable,
    *,
    add: Sequence[Part],
    replaced_source_keys: Collection[str] = (),
    write: Write = "append",
    keys: Sequence[str] = (),
    source_order: Sequence[str] = (),
    staging: str,
) -> PartChanges:
    """The parts to add and to remove for a run's staged parts.

    Rows of `replaced_source_keys` go first, whatever `write` says. Then `overwrite_partitions`
    removes the rest of every partition that `add` is in; `upsert` removes the rows that have the
    `keys` of an incoming row, and of several incoming rows of one key keeps the last: of the source
    that comes last in `source_order`, of one source the one that stands last.

    New objects go below `staging`. An upsert holds about 60 bytes of memory an incoming row of a
    partition, or of the whole run where a partition column is not among the keys; all else is held
    a row group at a time.
    """
    draft = _Draft(table, staging)
    live = table.parts()
    replaced = SourceKeys.of(replaced_source_keys)
    if write == "overwrite_partitions":
        touched = {part.partition_values for part in add}
        draft.remove += [part for part in live if part.partition_values in touched]
        live = [part for part in live if part.partition_values not in touched]
    if write == "upsert":
        for incoming_parts, live_parts in groups(table.schema.partitions, keys, add, live):
            incoming = Incoming(draft.rewriter, incoming_parts, keys, source_order)
            draft.superseded.update(incoming.superseded)
            for part, kept in incoming.parts:
                draft.gain(part, kept)
            for part in live_parts:
                draft.purge(part, [*keys, SOURCE_KEY], incoming.replaces(replaced))
            judged = {part.key for part in live_parts}
            live = [part for part in live if part.key not in judged]
    else:
        draft.add += add
    for part in live:
        if replaced.may_be_in(part):
            draft.purge(part, [SOURCE_KEY], replaced.judge)
    return draft.changes()


def without_rejects(
    table: LakeTable, *, rows: Collection[RejectedRow], staging: str
) -> tuple[PartChanges, frozenset[RejectedRow]]:
    """The parts to add and to remove for a quarantine without these records.

    The records that it had come back too: one that is not in it any more was replayed before.
    """
    draft = _Draft(table, staging)
    sources = SourceKeys.of({row.source_key for row in rows})
    rejected = RejectedRows(rows)
    for part in table.parts():
        if sources.may_be_in(part):
            draft.purge(part, REJECT_COLUMNS, rejected.judge)
    return draft.changes(), rejected.found


class _Draft:
    """Changes in the making."""

    def __init__(self, table: LakeTable, staging: str) -> None:
        self.rewriter = Rewriter(table, staging=staging)
        self.add: list[Part] = []
        self.remove: list[Part] = []
        self.superseded: Counter[str] = Counter()

    def purge(self, part: Part, columns: Sequence[str], judge: Judge) -> None:
        """Remove the rows of a live part that do not stay; only `columns` tell which."""
        kept = self.rewriter.judged(part, columns, judge)
        if not kept.all():
            self.remove.append(part)
            self.gain(part, kept)

    def gain(self, part: Part, kept: Kept) -> None:
        """Add the rows of a part that stay: the part itself where all of them do."""
        if kept.all():
            self.add.append(part)
        elif kept.any():
            self.add += self.rewriter.write([(part, kept)])

    def changes(self) -> PartChanges:
        partitions = {part.partition_values: part.partition for part in self.remove}
        return PartChanges(
            add=tuple(self.add),
            remove=tuple(part.key for part in self.remove),
            remove_from=tuple(partitions.values()),
            superseded=dict(self.superseded),
        )
