"""What every part of a data set file has in common: frozen, and strict about keys and types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Declaration(BaseModel):
    """A mapping of a data set file: immutable, unknown keys refused, no silent conversion."""

    # Built when it is first read: a process reads the files of one format.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)]
"""A name that is safe as a DAG id, a Glue name, a path and an unquoted SQL identifier."""


def repeated(names: Sequence[str]) -> list[int]:
    """Positions in `names` of every name that stood there before."""
    return [index for index, name in enumerate(names) if name in names[:index]]
