"""What a format has to give: batches of rows, rejects, and counts that account for both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa

from lake.convert.rejects import Rejects
from lake.convert.source import Source
from lake.dataset import DataSet


class Reader(ABC):
    """Reads one file, one member of a zip, or one byte range; a new one for each."""

    overwrites_batches: ClassVar[bool] = True
    """Whether a batch may be overwritten when the next one is asked for."""

    @abstractmethod
    def __init__(self, dataset: DataSet, rejects: Rejects) -> None: ...

    @property
    @abstractmethod
    def lines(self) -> int:
        """Records read so far."""

    @property
    @abstractmethod
    def control(self) -> int:
        """Records among them that are neither rows nor rejected."""

    @property
    def expanded(self) -> int:
        """Rows beyond one a record, as `Counts.expanded`."""
        return 0

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was seen that only the whole file can be judged by; JSON-able."""
        return {}

    @abstractmethod
    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The rows in order, `BATCH_ROWS` at most at a time: the data set's columns in its order.

        A string column may be a dictionary or plain in any batch.

        Raises:
            Unreadable: the file does not start as its layout says.
        """

    def reconcile(self) -> None:  # noqa: B027  # most files say nothing of themselves
        """Compare what was read of a whole file with what the file says of itself.

        Raises:
            Unreadable: they disagree.
        """

    @classmethod  # noqa: B027  # as above
    def reconcile_facts(cls, dataset: DataSet, facts: Sequence[Mapping[str, Any]]) -> None:
        """As `reconcile`, of the facts of a file's ranges in their order.

        Raises:
            Unreadable: they disagree.
        """
