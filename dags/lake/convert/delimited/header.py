"""Which field of a record holds which column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lake.convert.conversion import Unreadable
from lake.convert.delimited.dialect import Dialect
from lake.dataset import DelimitedColumn, DelimitedLayout
from lake.dataset.encoding import read_encoding

MOST_FIELDS = 1 << 20
"""More than a record of the longest kind has."""


@dataclass(frozen=True, slots=True)
class Places:
    """The fields of one file's records."""

    of_columns: tuple[int | None, ...]
    """The field of each column, from 0; None where the file lacks it."""
    least_fields: int
    """That a record has."""
    most_fields: int

    @classmethod
    def by_position(cls, columns: Sequence[DelimitedColumn], layout: DelimitedLayout) -> Self:
        """Of columns that stand in their own order; a record may end before the optional ones."""
        most = MOST_FIELDS if layout.extra_columns == "ignore" else len(columns)
        least = sum(not column.optional for column in columns)
        return cls(tuple(range(len(columns))), least, most)

    @classmethod
    def by_name(
        cls, columns: Sequence[DelimitedColumn], layout: DelimitedLayout, names: Sequence[str]
    ) -> Self:
        """Of columns that a header names.

        Raises:
            Unreadable: the header lacks one that is not optional, names one twice, or has one that
                is not declared.
        """
        found = [layout.comparable(name) for name in names]
        wanted = [layout.comparable(column.header_name) for column in columns]
        missing = [
            column.header_name
            for column, name in zip(columns, wanted, strict=True)
            if name not in found and not column.optional
        ]
        if missing:
            raise Unreadable(f"the header lacks {_listed(missing)}; it has {_listed(names)}")
        counts = Counter(found)
        if twice := sorted(name for name in wanted if counts[name] > 1):
            raise Unreadable(f"the header has {_listed(twice)} more than once: {_listed(names)}")
        extra = [name for name, key in zip(names, found, strict=True) if key not in wanted]
        if extra and layout.extra_columns == "refuse":
            raise Unreadable(
                f"the header has {_listed(extra)}, which no column is called; the columns are "
                + _listed([column.header_name for column in columns])
            )
        places = (found.index(name) if name in found else None for name in wanted)
        return cls(tuple(places), len(names), len(names))


def header_names(record: bytes, dialect: Dialect, layout: DelimitedLayout) -> list[str]:
    """The names in a header.

    Raises:
        Unreadable: it is no text in the file's encoding.
    """
    encoding = read_encoding(layout.encoding)
    names = []
    for field, quoted in dialect.split(record):
        try:
            name = field.decode(encoding)
        except UnicodeDecodeError:
            raise Unreadable(f"the header is no text in {layout.encoding}: {field!r}") from None
        names.append(name.strip(" ") if layout.trim and not quoted else name)
    return names


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
