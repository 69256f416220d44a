"""Delimited text: whether there is a header, how numbers are written, the columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from infra.cli.infer.dialect import Dialect, Records, cut
from infra.cli.infer.numbers import NumberStyle, fitting_styles
from infra.cli.infer.proposal import Proposal, ProposedColumn, name_of
from infra.cli.infer.sample import Sample
from infra.cli.infer.values import guess_column
from infra.cli.steps import Failed

_MARKED = re.compile(r"[+-]?[0-9]+(?:[.,' _][0-9]+)+")
"""A number with a fraction or with thousands, however they are written."""


def propose_delimited(
    sample: Sample, dialect: Dialect, *, header: bool | None, names: Sequence[str], rows: int
) -> Proposal:
    """A data set for the sample.

    Args:
        header: whether the first record names the columns; None to find out.
        names: of the columns, where they are given.
        rows: how many records are looked at, at most.

    Raises:
        Failed: there is nothing but a header.
    """
    found = cut(sample, dialect)
    first = [cell.strip() for cell in found.records[0]]
    body = [record for record in found.records[1 : rows + 1] if len(record) == dialect.fields]
    has_header = _has_header(first, body) if header is None else header
    if not has_header:
        body = [found.records[0], *body]
    if not body:
        raise Failed(f"{sample.path}: there is no record besides {first}")
    trim = any(cell != cell.strip() and cell.strip() for record in body for cell in record)
    columns = list(zip(*body, strict=True))
    if trim:
        columns = [tuple(cell.strip() for cell in column) for column in columns]
    style, unclear = _style(columns)
    by_name = has_header and all(first) and len(set(first)) == len(first)
    titles = first if has_header else [f"Column {place}" for place in range(1, len(columns) + 1)]
    layout = _layout(sample, dialect, style) | found.around | ({"trim": True} if trim else {})
    layout["header"] = "by_name" if by_name else "by_position" if has_header else "none"
    seen = {
        "encoding": sample.encoding_seen,
        "delimiter": f"{dialect.share:.1%} of the records have {dialect.fields} fields",
        "header": _header_seen(first, by_name=by_name, has_header=has_header),
        "decimal_point": "numbers with a decimal comma were seen",
        "trim": "spaces around values were seen",
        "trailer": "the last line has the number of records or lines",
    }
    proposed = _columns(columns, titles, names, style=style, unclear=unclear, by_name=by_name)
    return Proposal(layout, proposed, seen, found.data)


def _layout(sample: Sample, dialect: Dialect, style: NumberStyle) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "format": "delimited",
        "encoding": sample.encoding,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
    }
    if dialect.escape:
        layout["escape"] = dialect.escape
    if style.point != ".":
        layout["decimal_point"] = style.point
    if style.thousands:
        layout["thousands"] = style.thousands
    return layout


def _columns(
    columns: Sequence[Sequence[str]],
    titles: Sequence[str],
    names: Sequence[str],
    *,
    style: NumberStyle,
    unclear: dict[int, str],
    by_name: bool,
) -> tuple[ProposedColumn, ...]:
    """The columns, called as is given, or else as the header says."""
    proposed: list[ProposedColumn] = []
    for index, (values, title) in enumerate(zip(columns, titles, strict=True)):
        given = names[index] if index < len(names) else ""
        name = name_of(given or title, index + 1, [each.name for each in proposed])
        guess = guess_column(values, style=style)
        if index in unclear and guess.type != "string":
            guess = guess.as_string(f"UNCLEAR: {unclear[index]}")
        place = {"header": title} if by_name and title != name else {}
        proposed.append(ProposedColumn(name, guess, place, title or name, values))
    return tuple(proposed)


def _has_header(first: Sequence[str], body: Records) -> bool:
    """Whether the first record names columns: texts, above values that are none or are others."""
    if not all(first) or len(set(first)) < len(first):
        return False
    plain = NumberStyle()
    if any(guess_column([cell], style=plain).type != "string" for cell in first):
        return False
    if any(cell.isdigit() for cell in first) or not body:
        return not any(cell.isdigit() for cell in first)
    columns = list(zip(*body, strict=True))
    typed = any(guess_column(column, style=plain).type != "string" for column in columns)
    return typed or not any(cell in column for cell, column in zip(first, columns, strict=True))


def _header_seen(first: Sequence[str], *, by_name: bool, has_header: bool) -> str:
    if by_name:
        return "the first record looks like names; --no-header says that it is data"
    if has_header:
        return "names that are missing or repeated: columns are taken by their place"
    return f"the first record looks like data ({first[0]!r}); --header says that it names columns"


def _style(columns: Sequence[Sequence[str]]) -> tuple[NumberStyle, dict[int, str]]:
    """How most columns with a fraction or thousands write numbers; columns that fit two ways."""
    fits: dict[int, list[NumberStyle]] = {}
    for index, column in enumerate(columns):
        values = [value for value in set(column) if value]
        if any(map(_MARKED.fullmatch, values)):
            styles = fitting_styles([value for value in values if value[-1].isdigit()])
            if styles:
                fits[index] = styles
    votes = Counter(style for styles in fits.values() for style in styles)
    if not votes:
        return NumberStyle(), {}
    best = max(votes.values())
    leading = [style for style, count in votes.items() if count == best]
    style = leading[0]
    unclear = {}
    for index, styles in fits.items():
        if style in styles and any(other.point != style.point for other in styles):
            rivals = [other for other in leading if other.point != style.point]
            if rivals and rivals[0] in styles:
                example = next(value for value in columns[index] if _MARKED.fullmatch(value))
                unclear[index] = f"{example} may be with a {style}, or with a {rivals[0]}"
    return style, unclear
