"""The bytes that a delimited file is cut by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lake.dataset import DelimitedLayout
from lake.dataset.encoding import read_encoding

LF, CR = 0x0A, 0x0D


@dataclass(frozen=True, slots=True)
class Dialect:
    """A layout's characters in the file's encoding."""

    delimiter: bytes
    quote: int | None
    escape: int | None
    """None: a quote inside of quotes is doubled."""
    comment: bytes | None

    @classmethod
    def of(cls, layout: DelimitedLayout) -> Self:
        """The dialect of a layout."""
        encoding = read_encoding(layout.encoding)
        return cls(
            delimiter=layout.delimiter.encode(encoding),
            quote=ord(layout.quote) if layout.quote else None,
            escape=ord(layout.escape) if layout.escape else None,
            comment=layout.comment.encode(encoding) if layout.comment else None,
        )

    def special(self, region: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Where a delimiter begins, or a line end, a quote or an escape stands."""
        found: NDArray[np.bool_] = region == self.delimiter[0]
        for index, byte in enumerate(self.delimiter[1:], start=1):
            found[:-index] &= region[index:] == byte
            found[-index:] = False
        found |= region == LF
        for character in (self.quote, self.escape):
            if character is not None:
                found |= region == character
        return found

    def split(self, record: bytes) -> list[tuple[bytes, bool]]:
        """The fields of one record that is well quoted, and of each whether it is quoted."""
        fields, field, quoted, inside, at = [], b"", False, False, 0
        while at < len(record):
            byte = record[at]
            if byte == self.escape:
                field += record[at + 1 : at + 2]
                at += 2
            elif byte == self.quote:
                doubled = record[at : at + 2] == record[at : at + 1] * 2
                if inside and doubled and self.escape is None:
                    field += record[at : at + 1]
                    at += 1
                else:
                    quoted, inside = True, not inside
                at += 1
            elif not inside and record.startswith(self.delimiter, at):
                fields.append((field, quoted))
                field, quoted = b"", False
                at += len(self.delimiter)
            else:
                field += record[at : at + 1]
                at += 1
        return [*fields, (field, quoted)]
