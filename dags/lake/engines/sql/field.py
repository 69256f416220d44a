"""What the fields of all formats have in common as expressions."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lake.convert.rejects import Reason
from lake.dataset.column import Column
from lake.engines.sql.rules import Fault


class WrittenField(ABC):
    """The field of a column, which is written as the column's values are or has a fault."""

    column: Column

    @property
    @abstractmethod
    def reason(self) -> Reason:
        """Of a field that is no value of the column."""

    @abstractmethod
    def is_written(self) -> str:
        """Whether it is written as the column's values are."""

    @abstractmethod
    def written(self) -> str:
        """The value of a field that is so written; of a fixed-width one that is blank, NULL."""

    def beyond(self) -> str | None:
        """Whether a value so written is none that the column's type has."""
        return None

    def fault(self, condition: str, reason: Reason) -> Fault:
        """A fault of this column."""
        return Fault(condition=condition, reason=reason, column=self.column.name)
