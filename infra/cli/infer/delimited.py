"""Delimited text: which delimiter, quote and header, how numbers are written, the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.cli.infer.numbers import NumberStyle, fitting_styles
from infra.cli.infer.proposal import Proposal, ProposedColumn, name_of
from infra.cli.infer.sample import Sample
from infra.cli.infer.values import guess_column
from infra.cli.steps import Failed

_DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01", "\x1f")
_MOST_SKIPPED = 50
_SNIFFED_RECORDS = 2000
_ENOUGH = 0.9
"""The share of records with the same number of fields that makes a delimiter."""
_MARKED = re.compile(r"[+-]?[0-9]+(?:[.,' _][0-9]+)+")

type Records = list[list[str]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How fields are told apart."""

    delimiter: str
    quote: str | None
    escape: str | None
    fields: int
    """Of most records."""
    share: float
    """Of the records that have so many."""

    def read(self, text: str) -> Records:
        """The records of a text; a line without any character is none."""
        reader = csv.reader(
            re.split(r"(?<=\n)", text),
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            doublequote=self.escape is None,
        )
        return [record for record in reader if record]


def sniff(text: str) -> Dialect | None:
    """The dialect that gives most records the same number of fields; None where none does."""
    csv.field_size_limit(len(text) + 1)
    found = []
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        quote, escape = _quoting(text, delimiter)
        dialect = Dialect(delimiter, quote, escape, 0, 0)
        counts = Counter(map(len, dialect.read(text)[:_SNIFFED_RECORDS]))
        fields, records = counts.most_common(1)[0]
        share = records / counts.total()
        if fields > 1 and share >= _ENOUGH:
            found.append(Dialect(delimiter, quote, escape, fields, share))
    return max(found, key=lambda dialect: (dialect.share, dialect.fields), default=None)


def propose_delimited(
    sample: Sample, dialect: Dialect, *, header: bool | None, names: Sequence[str], rows: int
) -> Proposal:
    """A data set for the sample.

    Args:
        header: whether the first record names the columns; None to find out.
        names: of the columns, where they are given.
        rows: how many records are looked at, at most.
    """
    comment = _comment(sample.head, dialect)
    records = _records(sample, dialect, comment)
    skipped = next(
        (i for i, record in enumerate(records[:_MOST_SKIPPED]) if len(record) == dialect.fields), 0
    )
    records = records[skipped:]
    trailer = _trailer(records, dialect) if sample.is_whole else None
    first = [cell.strip() for cell in records[0]]
    body = [record for record in records[1 : rows + 1] if len(record) == dialect.fields]
    has_header = _has_header(first, body) if header is None else header
    if not has_header:
        body = [records[0], *body]
    if not body:
        raise Failed(f"{sample.path}: there is no record besides {first}")
    trim = any(cell != cell.strip() and cell.strip() for record in body for cell in record)
    values = [[record[i].strip() if trim else record[i] for record in body]
              for i in range(dialect.fields)]  # fmt: skip
    style, unclear = _style(values)
    columns: list[ProposedColumn] = []
    for index, column in enumerate(values):
        text = first[index] if has_header else f"Column {index + 1}"
        given = names[index] if index < len(names) else ""
        name = name_of(given or text, index + 1, [each.name for each in columns])
        guess = guess_column(column, style=style)
        if index in unclear and guess.type != "string":
            guess = guess.as_string(f"UNCLEAR: {unclear[index]}")
        place = {"header": text} if has_header and text and text != name else {}
        columns.append(ProposedColumn(name, guess, place, text or name, column))
    layout: dict[str, Any] = {"format": "delimited", "encoding": sample.encoding}
    layout |= {"delimiter": dialect.delimiter, "quote": dialect.quote}
    if dialect.escape:
        layout["escape"] = dialect.escape
    by_name = has_header and all(first) and len(set(first)) == len(first)
    layout["header"] = "by_name" if by_name else "by_position" if has_header else "none"
    if not by_name:
        columns = [ProposedColumn(c.name, c.guess, {}, c.description, c.values) for c in columns]
    more = {
        "skip_lines": skipped,
        "comment": comment,
        "trailer": trailer,
        "decimal_point": style.point if style.point != "." else None,
        "thousands": style.thousands,
        "trim": trim,
    }
    layout |= {key: value for key, value in more.items() if value}
    seen = {
        "encoding": sample.encoding_seen,
        "delimiter": f"{dialect.share:.1%} of the records have {dialect.fields} fields",
        "header": _header_seen(first, by_name=by_name, has_header=has_header),
        "decimal_point": "numbers with a decimal comma were seen",
        "trim": "spaces around values were seen",
        "trailer": "the last line has the number of records or lines",
    }
    data = sample.blocks[0] if sample.is_whole else _complete(sample.blocks[0], dialect)
    return Proposal(layout, tuple(columns), seen, data)


def _complete(block: bytes, dialect: Dialect) -> bytes:
    """The records of a block that do not go on after it: whose quotes come in pairs."""
    quote = (dialect.quote or "").encode()
    while quote and block.count(quote) % 2 and b"\n" in block[:-1]:
        block = block[: block.rindex(b"\n", 0, -1) + 1]
    return block


def _quoting(text: str, delimiter: str) -> tuple[str | None, str | None]:
    """The quote and the escape of a text with this delimiter."""
    edge = re.escape(delimiter)
    for quote in ('"', "'"):
        end = rf"{quote}(?={edge}|\r?$)"
        if re.search(rf"(?:^|{edge}){quote}[^\r\n]*?{end}", text, re.MULTILINE):
            inside = f"\\{quote}" in text and not re.search(rf"\\{end}", text, re.MULTILINE)
            return quote, "\\" if inside else None
    return (None if '"' in text else '"'), None


def _comment(text: str, dialect: Dialect) -> str | None:
    """The mark of lines that are comments: they begin with # and are not like the others."""
    lines = [line for line in text.split("\n")[:_SNIFFED_RECORDS] if line.startswith("#")]
    unlike = [line for line in lines if line.count(dialect.delimiter) != dialect.fields - 1]
    return "#" if unlike and len(unlike) == len(lines) else None


def _records(sample: Sample, dialect: Dialect, comment: str | None) -> Records:
    """Of the head; of the other pieces too where every record is a line."""
    head = dialect.read(sample.head)
    one_line = not any("\n" in cell for record in head for cell in record)
    texts = [sample.text(block) for block in sample.blocks[1:]] if one_line else []
    records = head + [record for text in texts for record in dialect.read(text)]
    return [record for record in records if not (comment and record[0].startswith(comment))]


def _trailer(records: Records, dialect: Dialect) -> dict[str, str] | None:
    """The last record, where it is not like the others and has their number."""
    last = records[-1]
    total = len(records)
    if len(last) == dialect.fields or total == 1:
        return None
    for of, counts in (
        ("lines", {total}),
        ("records", {total - 1, total - 2}),
    ):
        for cell in last:
            if cell.isdigit() and int(cell) in counts:
                cells = [r"(?P<count>\d+)" if other is cell else re.escape(other) for other in last]
                return {"pattern": re.escape(dialect.delimiter).join(cells), "of": of}
    return None


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
