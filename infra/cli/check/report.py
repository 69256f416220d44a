"""What a person, or a program, is told of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lake.dataset import DataSet
from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from infra.cli.check.places import Place, place_of
from infra.cli.check.rehearsal import Rehearsal

_MOST_COLUMNS = 8
"""More are shown below each other."""
_WIDEST_CELL = 40
_BEFORE, _AFTER = 60, 40
"""Characters of a long record that are shown around the bad ones."""


def rows_table(rows: Sequence[dict[str, Any]], data_set: DataSet) -> Table:
    """The first rows, below each other, or where they are wide beside each other."""
    names = [column.name for column in data_set.columns]
    types = {column.name: column.glue_type for column in data_set.columns}
    table = Table(box=box.SIMPLE_HEAD, title=f"the first {len(rows)} rows", title_justify="left")
    if len(names) <= _MOST_COLUMNS:
        for name in names:
            table.add_column(f"{name}\n{types[name]}", overflow="ellipsis", max_width=_WIDEST_CELL)
        for row in rows:
            table.add_row(*(_cell(row[name]) for name in names))
        return table
    table.add_column("column", no_wrap=True)
    table.add_column("type", no_wrap=True)
    for number in range(1, len(rows) + 1):
        table.add_column(str(number), no_wrap=True, overflow="ellipsis", max_width=_WIDEST_CELL)
    for name in names:
        table.add_row(name, types[name], *(_cell(row[name]) for row in rows))
    return table


def reject_lines(
    rehearsal: Rehearsal, data_set: DataSet, *, header: Sequence[str]
) -> Iterator[Text]:
    """Each reject in two lines or three: where and why, the record, carets under what is bad."""
    for reject in rehearsal.rejects:
        member = f"{reject.member}, " if reject.member else ""
        where = f"{member}line {reject.line_number:,}, byte {reject.byte_offset:,}"
        column = f", column {reject.column_name}" if reject.column_name else ""
        yield Text.assemble((where, "bold"), f": {reject.reason}{column}")
        place = place_of(reject, data_set=data_set, header=header)
        shown, carets = _excerpt(reject.raw, place)
        yield Text(f"  {shown}")
        if carets:
            yield Text.assemble("  ", (carets, "red"))


def summary(rehearsal: Rehearsal, *, size_bytes: int) -> str:
    """Counts, speed and memory, with rich's markup."""
    counts = rehearsal.counts
    expanded = f" - {counts.expanded:,} more rows than records" if counts.expanded else ""
    total = (
        f"{counts.lines:,} records = {counts.rows:,} rows + {counts.rejected:,} quarantined + "
        f"{counts.control:,} control{expanded}"
    )
    reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.reasons.items()))
    used = (
        f"{size_bytes / 1e6:,.1f} MB in {rehearsal.seconds:.2f} s, "
        f"{size_bytes / 1e6 / rehearsal.seconds:,.0f} MB/s, "
        f"peak memory {rehearsal.peak_bytes / 1e6:,.0f} MB"
    )
    verdict = "[green]would be published[/]"
    if rehearsal.refusal:
        verdict = f"[red]would be refused[/]: {escape(rehearsal.refusal)}"
    lines = [total, f"quarantined: {escape(reasons)}" if reasons else "", used, verdict]
    return "\n".join(line for line in lines if line)


def as_document(rehearsal: Rehearsal, *, size_bytes: int) -> dict[str, Any]:
    """The same for programs, JSON-able but for the values of rows."""
    counts = rehearsal.counts
    return {
        "published": not rehearsal.refusal,
        "reason": rehearsal.refusal or None,
        "records": counts.lines,
        "rows": counts.rows,
        "quarantined": counts.rejected,
        "control": counts.control,
        "expanded": counts.expanded,
        "reasons": dict(counts.reasons),
        "size_bytes": size_bytes,
        "seconds": round(rehearsal.seconds, 3),
        "peak_bytes": rehearsal.peak_bytes,
        "first_rows": list(rehearsal.rows),
        "first_rejects": [
            {
                "member": reject.member,
                "line_number": reject.line_number,
                "byte_offset": reject.byte_offset,
                "reason": reject.reason,
                "column_name": reject.column_name,
                "raw": reject.raw,
            }
            for reject in rehearsal.rejects
        ],
    }


def _cell(value: Any) -> str:
    return "[dim]NULL[/]" if value is None else escape(str(value))


def _excerpt(raw: str, place: Place | None) -> tuple[str, str]:
    """A record on one line, cut around the bad characters where it is long; and the carets."""
    start = max(0, place.start - _BEFORE) if place else 0
    end = (place.end if place else start + _BEFORE) + _AFTER
    before, after = "…" * (start > 0), "…" * (end < len(raw))
    shown = before + raw[start:end].translate(_VISIBLE) + after
    if place is None:
        return shown, ""
    width = max(1, min(place.end, end) - place.start)
    return shown, " " * (len(before) + place.start - start) + "^" * width


_VISIBLE = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
"""Control characters as their pictures, one for one, so that the carets fit."""
