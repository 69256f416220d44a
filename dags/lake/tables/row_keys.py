"""Keys of rows as pairs of 64-bit numbers, and sets of them: 16 bytes a row, whatever the key.

Two keys are taken for one where 128 bits of their hashes agree: among a billion rows a chance of
one in 10^20. NULL equals NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

type Hashes = NDArray[np.uint64]
"""Two numbers a row: shape (rows, 2)."""

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
"""Odd, so that no bit is lost where the columns are put together."""


def row_hashes(batch: pa.RecordBatch, columns: Sequence[str]) -> Hashes:
    """The hash of these columns' values, of each row."""
    encoded: list[Any] = [batch.column(name).dictionary_encode("encode") for name in columns]
    return _combined(
        value_hashes(column.dictionary.to_pylist())[np.from_dlpack(column.indices)]
        for column in encoded
    )


def tuple_hashes(rows: Sequence[tuple[Any, ...]]) -> Hashes:
    """The hash of each tuple: that of a row with these values."""
    return _combined(value_hashes(values) for values in zip(*rows, strict=True))


def value_hashes(values: Iterable[Any]) -> Hashes:
    """The hash of each value of one column."""
    digests = (blake2b(repr(value).encode(), digest_size=16).digest() for value in values)
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)


def _combined(columns: Iterable[Hashes]) -> Hashes:
    """One hash a row of those of its columns."""
    return reduce(lambda left, right: left * _FACTORS + right, columns)


class KeySet:
    """A set of hashes."""

    def __init__(self, hashes: Hashes, *, is_sorted: bool = False) -> None:
        """Of hashes in any order, or sorted and each once."""
        if not is_sorted:
            hashes = hashes[_order(hashes)]
            hashes = hashes[_first_of_runs(hashes)]
        self._high, self._low = hashes.T.copy()
        _, alike = np.unique(self._high, return_counts=True)
        self._steps = int(alike.max(initial=0))  # as many as share a first number: 1, but by chance

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Of each row, whether its hash is in the set."""
        found = np.zeros(len(hashes), np.bool_)
        places = np.searchsorted(self._high, hashes[:, 0])
        for step in range(self._steps):
            there = places + step < len(self._high)
            at = places[there] + step
            same = (self._high[at] == hashes[there, 0]) & (self._low[at] == hashes[there, 1])
            found[there] |= same
        return found


def last_of_each(hashes: Hashes, rank: NDArray[Any]) -> tuple[NDArray[np.bool_], KeySet]:
    """Of each row, whether it is the last of its hash: by rank, then as they stand; and the set."""
    order = _order(hashes, rank)[::-1]
    ordered = hashes[order]
    last = _first_of_runs(ordered)
    kept = np.zeros(len(hashes), np.bool_)
    kept[order[last]] = True
    return kept, KeySet(ordered[last][::-1], is_sorted=True)


def _order(hashes: Hashes, *rank: NDArray[Any]) -> NDArray[np.intp]:
    """The rows sorted by their hash; those of one hash by rank, then as they stand."""
    return np.lexsort((*rank, hashes[:, 1], hashes[:, 0]))


def _first_of_runs(ordered: Hashes) -> NDArray[np.bool_]:
    """Of sorted rows, whether each differs from the one before it."""
    first = np.ones(len(ordered), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return first
