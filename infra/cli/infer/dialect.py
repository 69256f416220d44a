"""Delimited text taken apart: delimiter, quote, escape, comments, trailer."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from infra.cli.infer.sample import Sample

_DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01", "\x1f")
_MOST_SKIPPED = 50
_SNIFFED_RECORDS = 2000
_ENOUGH = 0.9
"""The share of records with the same number of fields that makes a delimiter."""

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


@dataclass(frozen=True, slots=True)
class Cut:
    """A sample cut into records."""

    records: Records
    """From the header, or the first of them, on."""
    around: dict[str, Any]
    """The keys of a layout about the lines that are no records."""
    data: bytes
    """The records as they are in the file, whole ones only."""


def cut(sample: Sample, dialect: Dialect) -> Cut:
    """The records of a sample, and what stands before and after them."""
    comment = _comment(sample.head, dialect)
    records = _records(sample, dialect, comment)
    lengths = [len(record) for record in records[:_MOST_SKIPPED]]
    skipped = lengths.index(dialect.fields) if dialect.fields in lengths else 0
    records = records[skipped:]
    trailer = _trailer(records, dialect) if sample.is_whole else None
    around = {"skip_lines": skipped, "comment": comment, "trailer": trailer}
    data = sample.blocks[0] if sample.is_whole else _complete(sample.blocks[0], dialect)
    return Cut(records, {key: value for key, value in around.items() if value}, data)


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
