"""Where the records of broken bytes end, told line by line.

Where a record is broken, reading begins again with the next line, and so perhaps a thousand times
over the same lines. What a line does depends only on what it begins in, of which there are three:
a new record, a quoted field, or a field without quotes whose line end is escaped. So each line is
looked at once for each of them at most, however many records are tried.
"""

from __future__ import annotations

import re
from functools import cache

from lake.convert.delimited.dialect import LF, Dialect

NEVER = -1
"""The end of a record that has a quote in a wrong place, or is not over at the file's end."""

_NEW, _QUOTED, _FREE = range(3)
"""What a line begins in."""


class RecordEnds:
    """The ends of the records that may begin at the lines of a buffer."""

    def __init__(self, dialect: Dialect, buffer: bytearray, stop: int, *, at_end: bool) -> None:
        self._patterns = _patterns(dialect)
        self._buffer = buffer
        self._stop = stop
        self._unfinished = NEVER if at_end else None
        self._ends: tuple[dict[int, int | None], ...] = ({}, {}, {})  # of each beginning, by line

    def end(self, start: int) -> int | None:
        """The LF that ends the record at `start`, or `NEVER`; None where it is still to be read.

        The work of all calls together is in proportion to the buffer.
        """
        state, path = _NEW, []
        while start not in self._ends[state]:
            path.append((state, start))
            line_end = self._buffer.find(LF, start, self._stop)
            if line_end < 0:
                end = self._unfinished
                break
            found = self._patterns[state].match(self._buffer, start, line_end + 1)
            if found is None:
                end = NEVER
                break
            if found.end() <= line_end:
                end = line_end
                break
            state, start = _FREE if found.lastindex is None else _QUOTED, line_end + 1
        else:
            end = self._ends[state][start]
        for state, start in path:
            self._ends[state][start] = end
        return end


@cache
def _patterns(dialect: Dialect) -> tuple[re.Pattern[bytes], ...]:
    """One of a line with its LF for each beginning: none has to be tried in two ways.

    Each matches up to the line end that ends the record, or all of the line; a group of it matches
    where that leaves a quote open.
    """
    delimiter, specials, escaped = re.escape(dialect.delimiter), b"", rb"(?!)"
    quote = doubled = rb"(?!)"
    if dialect.escape is not None:
        escape = re.escape(bytes([dialect.escape]))
        specials, escaped = escape, rb"%b(?>\r\n|.)" % escape
    if dialect.quote is not None:
        quote = re.escape(bytes([dialect.quote]))
        specials += quote
        doubled = quote * 2 if dialect.escape is None else doubled
    first = re.escape(dialect.delimiter[:1])
    plain = rb"[^%b%b\n]++|%b" % (specials, first, escaped)
    quoted = rb"(?:%b|[%b\n]|%b)*+" % (plain, first, doubled)
    free = b"(?:%b|(?!%b)%b)*+" % (plain, delimiter, first)
    field = b"(?>%b%b%b|(?!%b)%b)" % (quote, quoted, quote, quote, free)
    rest = rb"(?:%b%b)*+(?:(?=\r?\n)|\Z|%b%b%b\Z())" % (delimiter, field, delimiter, quote, quoted)
    begun_free = b"(?!%b)%b%b" % (quote, free, rest)
    begun_quoted = rb"%b(?:\Z()|%b%b)" % (quoted, quote, rest)
    new = b"(?:%b%b|%b)" % (quote, begun_quoted, begun_free)
    return tuple(re.compile(each, re.DOTALL) for each in (new, begun_quoted, begun_free))
