"""Between numpy's arrays and Arrow's buffers, without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

type Mask = NDArray[np.bool_]


def bits(mask: Mask | None) -> pa.Buffer | None:
    """Booleans as Arrow packs them."""
    return None if mask is None else pa.py_buffer(np.packbits(mask, bitorder="little"))


def numbers_in(array: pa.Array[Any], index: int, dtype: DTypeLike, count: int = -1) -> NDArray[Any]:
    """The first `count` numbers in a buffer of an array, which has it; all by default."""
    buffer: Any = array.buffers()[index]
    return np.frombuffer(memoryview(buffer), dtype, count)
