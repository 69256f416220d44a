"""Fixed width: the record's length, header and trailer, the columns of a ruler or of a proposal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lake.dataset.column import WIDEST_INT32, WIDEST_INT64

from infra.cli.infer.numbers import NumberStyle
from infra.cli.infer.proposal import Proposal, ProposedColumn, name_of
from infra.cli.infer.ruler import drawn, propose_fields, read_ruler
from infra.cli.infer.sample import Sample
from infra.cli.infer.values import Guess, guess_column
from infra.cli.steps import Failed

_LEAST_RECORDS = 2
_WIDEST_RECORD_TYPE = 3
_DRAWN_RECORDS = 2
_LEAST_SPREAD = 2
"""Digits by which zero-padded numbers differ in size; of less, they are codes."""


@dataclass(frozen=True, slots=True)
class Records:
    """The lines of a sample, all of one length."""

    header: str | None
    details: Sequence[str]
    trailer: str | None
    type_width: int
    """Bytes at the beginning that tell header and trailer from the rest; 0 where none do."""
    length: int


def records_of(sample: Sample) -> Records | None:
    """The records of a fixed-width file; None where its lines have different lengths."""
    lines = [
        line
        for block in sample.blocks
        for line in re.split(r"\r?\n", block.decode("latin-1").removesuffix("\x1a"))
        if line
    ]
    lengths = Counter(map(len, lines))
    if len(lines) < _LEAST_RECORDS or len(lengths) > 1:
        return None
    length = len(lines[0])
    for width in range(1, _WIDEST_RECORD_TYPE + 1):
        first, last = lines[0][:width], lines[-1][:width]
        inner = Counter(line[:width] for line in lines[1:-1])
        if len(inner) != 1 or "" in inner or first.strip() == "":
            continue
        [kind] = inner
        if first != kind and last not in (kind, first):
            return Records(lines[0], lines[1:-1], lines[-1], width, length)
        if first != kind and last == kind:
            return Records(lines[0], lines[1:], None, width, length)
    return Records(None, lines, None, 0, length)


def propose_fixed_width(
    sample: Sample, records: Records, *, ruler: str, names: Sequence[str], rows: int
) -> Proposal:
    """A data set for the sample.

    Args:
        ruler: where columns begin, as `read_ruler` takes it; empty for a proposal.
        names: of the columns, where they are given.
        rows: how many records are looked at, at most.

    Raises:
        Failed: the ruler cannot be read.
    """
    details = records.details[:rows]
    if not details:
        raise Failed(f"{sample.path}: there is no record besides {records.header!r}")
    length = records.length
    fields = read_ruler(ruler, record_length=length) if ruler else propose_fields(details)
    columns: list[ProposedColumn] = []
    for index, field in enumerate(fields):
        values = [_text(field.of(record), sample.encoding) for record in details]
        if not any(values) and not (field.name or names):
            continue  # filler
        given = field.name or (names[index] if index < len(names) else "")
        name = name_of(given or f"bytes_{field.position}", index, [c.name for c in columns])
        place = {"position": field.position, "width": field.width}
        last = field.position + field.width - 1
        description = given or f"Bytes {field.position} to {last}"
        guess = _guess(values, field.width)
        columns.append(ProposedColumn(name, guess, place, description, values))
    layout: dict[str, Any] = {"format": "fixed_width", "encoding": sample.encoding}
    layout["record_length"] = length
    lines = _lines(records, sample)
    types = _record_types(records, lines)
    layout |= types
    seen = {
        "encoding": sample.encoding_seen,
        "record_length": f"{len(records.details):,} lines have it",
        "record_type": "the first and the last line begin otherwise than all others",
        "trailer": f"{lines:,} lines in all" if "count" in types.get("trailer", {}) else "",
    }
    if not ruler:
        shown = [drawn(fields, record_length=length), *details[:_DRAWN_RECORDS]]
        widths = ",".join(str(field.width) for field in fields)
        seen[""] = "\n".join(
            ["Where columns begin is a guess; draw it better with --ruler:", *shown, widths]
        )
    return Proposal(layout, tuple(columns), seen, sample.blocks[0])


def _text(field: str, encoding: str) -> str:
    return field.encode("latin-1").decode(encoding, "replace").strip(" ")


def _guess(values: Sequence[str], width: int) -> Guess:
    """The type of a field; padding of zeros makes numbers of it where their sizes differ."""
    guess = guess_column(values, style=NumberStyle())
    if guess.type == "string":
        guess = _zero_padded(values, width) or guess
    if guess.type in ("int", "bigint") and width > WIDEST_INT64:
        return guess.as_string(f"{width} digits do not fit a number")
    if guess.type == "int" and width > WIDEST_INT32:
        return replace(guess, type="bigint")
    if guess.type.startswith("decimal"):
        return _with_point(guess, values, width)
    return guess


def _with_point(guess: Guess, values: Sequence[str], width: int) -> Guess:
    """A decimal whose point is written, as wide as its field."""
    if any("." not in value for value in values if value and value not in guess.missing):
        return guess.as_string("not every number has a point; where there is none, it is implied")
    scale = int(guess.type.rpartition(",")[2].rstrip(")"))
    precision = min(width - 1, WIDEST_INT64)
    return replace(guess, type=f"decimal({precision},{scale})", keys={"decimal_point": "."})


def _zero_padded(values: Sequence[str], width: int) -> Guess | None:
    present = [value for value in values if value]
    if not present or not all(re.fullmatch("[0-9]+", value) for value in present):
        return None
    sizes = {len(value.lstrip("0") or "0") for value in present}
    if max(sizes) - min(sizes) < _LEAST_SPREAD or width > WIDEST_INT64:
        return None
    seen = (
        f"{len(present):,} of {len(values):,} values are digits padded with zeros",
        f"for an amount with implied decimals: type: decimal({width},2)",
    )
    return Guess("int", nullable=len(present) < len(values), seen=seen)


def _record_types(records: Records, lines: int) -> dict[str, Any]:
    """The layout's keys of header, detail and trailer."""
    width = records.type_width
    if not width:
        return {}
    keys: dict[str, Any] = {"record_type": {"position": 1, "width": width}}
    if records.header:
        keys["header"] = {"type": records.header[:width]}
    keys["detail"] = {"type": records.details[0][:width]}
    if records.trailer:
        keys["trailer"] = {"type": records.trailer[:width]}
        if count := _count(records, lines):
            keys["trailer"]["count"] = count
    return keys


def _lines(records: Records, sample: Sample) -> int:
    """How many lines the file has, as all are equally long."""
    line_bytes = records.length + (2 if b"\r\n" in sample.blocks[0] else 1)
    whole = sample.blocks[0] if sample.is_whole else b""
    size = len(whole.rstrip(b"\x1a\r\n")) if whole else sample.size_bytes
    return -(-size // line_bytes)


def _count(records: Records, lines: int) -> dict[str, Any] | None:
    """The field of the trailer that has the number of lines of the file."""
    found = re.search(rf"0*{lines}(?![0-9])", (records.trailer or "")[records.type_width :])
    if found is None:
        return None
    position = records.type_width + found.start() + 1
    return {"position": position, "width": len(found[0]), "of": "lines"}
