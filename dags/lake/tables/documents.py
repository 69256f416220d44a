"""What a table is made of and how it changes: small JSON documents."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

UNKNOWN_LAST = chr(0x10FFFF)
"""The last source key of a part that does not say: no key comes after it."""


class Document(BaseModel):
    """A JSON document: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(Document):
    """One Parquet object of a table, live or staged."""

    key: str
    """In the curated bucket."""
    partition: dict[str, str]
    """Values as Glue writes them, by column, in the order of the path; empty without partitions."""
    rows: int
    size_bytes: int
    first_source_key: str = ""
    """No row comes from a key before this one, in the order of their code points."""
    last_source_key: str = UNKNOWN_LAST
    """No row comes from a key after this one."""

    @property
    def partition_values(self) -> tuple[str, ...]:
        """What partition the part is in, hashable."""
        return tuple(self.partition.values())


class PartChanges(Document):
    """The parts that a table gains and loses at once."""

    add: tuple[Part, ...] = ()
    """Staged: each object is in the curated bucket, where no reader looks."""
    remove: tuple[str, ...] = ()
    """Keys of live parts, as `LakeTable.parts` gives them."""
    remove_from: tuple[dict[str, str], ...] = ()
    """The partitions that they are in, each once."""
    superseded: dict[str, int] = {}
    """Upsert: how many incoming rows of a source key gave way to a later incoming row."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """What tells one record of the quarantine from the others."""

    source_key: str
    member: str | None
    line_number: int | None


class Change(Document):
    """One step of a table's history. Numbers begin with 1 and leave no gap."""

    number: int = Field(ge=1)
    run_id: str
    add: tuple[Part, ...] = ()
    remove: tuple[str, ...] = ()
