"""Where the columns of a fixed-width record begin: as a person says it, or as the bytes suggest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.cli.infer.times import guess_times
from infra.cli.steps import Failed

_MARKS = "|^"
_DATE_DIGITS = len("YYYYMMDD")
_BOUNDARIES = {"TN", "TD", "NT", "DT", "DN", "SN", "SD", "ST"}
"""Kinds of neighbours that a column begins between: not a padded number's digits, ND."""
_SOMETIMES = 0.02
"""The share of records with a space before a text that makes it the beginning of a column."""


@dataclass(frozen=True, slots=True)
class Field:
    """The bytes of a column, counted from 1."""

    position: int
    width: int
    name: str = ""

    def of(self, record: str) -> str:
        """The field of a record of one byte a character."""
        return record[self.position - 1 : self.position - 1 + self.width]


def read_ruler(text: str, *, record_length: int) -> list[Field]:
    """The fields that a ruler marks.

    Args:
        text: widths, `2,8,12`; names with widths, `kind:2,day:8`; or a line that has `|` or `^`
            over the first byte of each column.
        record_length: bytes of a record.

    Raises:
        Failed: it is none of these, or longer than a record.
    """
    if any(mark in text for mark in _MARKS):
        starts = [index + 1 for index, char in enumerate(text) if char in _MARKS]
        ends = [*starts[1:], record_length + 1]
        fields = [Field(start, end - start) for start, end in zip(starts, ends, strict=True)]
    else:
        fields = []
        position = 1
        for part in re.split(r"[,\s]+", text.strip(", \n")):
            name, _, width = part.rpartition(":")
            if not width.isdigit() or not int(width):
                raise Failed(
                    f"the ruler's {part!r} should be a width, or a name and a width: 2,8,12 or "
                    "kind:2,day:8; or give a line with | over the first byte of each column"
                )
            fields.append(Field(position, int(width), name))
            position += int(width)
    last = fields[-1]
    if last.width < 1 or last.position + last.width - 1 > record_length:
        raise Failed(
            f"the ruler ends at byte {last.position + last.width - 1}, "
            f"outside of the record's {record_length} bytes"
        )
    return fields


def propose_fields(records: Sequence[str]) -> list[Field]:
    """Fields that the bytes of these records, all of one length, suggest.

    A column begins where numbers begin or end in all records, where a text begins after what is
    sometimes a space, where digits are always zero after ones that are not, and around dates. What
    is drawn is a proposal: numbers side by side may look like one.
    """
    matrix = _matrix(records)
    spaces = (matrix == ord(" ")).mean(axis=0)
    zeros = (matrix == ord("0")).all(axis=0)
    kinds = _kinds(matrix, spaces)
    starts = {0}
    for place in range(1, matrix.shape[1]):
        pair = kinds[place - 1] + kinds[place]
        after_space = pair == "TT" and spaces[place] == 0 and spaces[place - 1] > _SOMETIMES
        new_zeros = pair == "DD" and zeros[place] and not zeros[place - 1]
        if pair in _BOUNDARIES or after_space or new_zeros:
            starts.add(place)
    _add_dates(starts, records, [kind == "D" for kind in kinds])
    ordered = sorted(starts)
    ends = [*ordered[1:], matrix.shape[1]]
    return [Field(start + 1, end - start) for start, end in zip(ordered, ends, strict=True)]


def drawn(fields: Sequence[Field], *, record_length: int) -> str:
    """A line with `|` over the first byte of each field."""
    line = [" "] * record_length
    for each in fields:
        line[each.position - 1] = "|"
    return "".join(line).rstrip()


def _kinds(matrix: NDArray[np.uint8], spaces: NDArray[np.float64]) -> list[str]:
    """Of each place: S always a space, D of a number always, N or there may be a space, T text."""
    of_number = np.isin(matrix, np.frombuffer(b"0123456789.+-", np.uint8)).mean(axis=0)
    kinds = []
    for number, space in zip(of_number.tolist(), spaces.tolist(), strict=True):
        numeric = "D" if number == 1 else "N" if number and number + space == 1 else "T"
        kinds.append("S" if space == 1 else numeric)
    return kinds


def _matrix(records: Sequence[str]) -> NDArray[np.uint8]:
    joined = "".join(records).encode("latin-1", "replace")
    return np.frombuffer(joined, np.uint8).reshape(len(records), -1)


def _add_dates(starts: set[int], records: Sequence[str], is_number: Sequence[bool]) -> None:
    """Begin a column before and after eight digits that are a day in all records."""
    length = len(is_number)
    place = 0
    while place + _DATE_DIGITS <= length:
        end = place + _DATE_DIGITS
        if all(is_number[place:end]):
            times = guess_times({record[place:end] for record in records})
            if times and "year first" in times.readings:
                starts -= set(range(place + 1, end))
                starts |= {place, end} if end < length else {place}
                place = end
                continue
        place += 1
