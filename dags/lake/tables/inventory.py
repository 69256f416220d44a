"""The parts of a plain Parquet table after each change, and where their objects are.

    <domain>/<table>/_inventory/<change>.json       the parts, for the lake
    <domain>/<table>/<column>=<value>/<change>/…    a partition as a change left it
    <domain>/<table>/<change>/…                     the same of a table without partitions
    <domain>/<table>/<column>=<value>/<change>-…    with partition projection: one place for all

What an inventory says follows from the one before it and the change alone: whoever makes it again
makes the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from lake.tables.documents import Change, Document, Part
from lake.tables.table import ChangeRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_DIGITS = 12


class Inventory(Document):
    """The parts of a table after a change."""

    number: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the objects of a table belong."""

    prefix: str
    """Of the table; ends in a slash."""
    fixed: bool
    """Whether a partition's place is the same for ever, as partition projection needs it."""

    def inventory_key(self, number: int) -> str:
        """The object of the inventory after a change."""
        return f"{self.inventories}{number:0{NAME_DIGITS}}.json"

    @property
    def inventories(self) -> str:
        """The prefix of all inventories."""
        return f"{self.prefix}_inventory/"

    def folder(self, partition: Mapping[str, str], number: int) -> str:
        """The prefix of a partition as a change leaves it; ends in a slash."""
        path = "".join(f"{name}={quote(value, safe='')}/" for name, value in partition.items())
        return f"{self.prefix}{path}" if self.fixed else f"{self.prefix}{path}{number}/"

    def after(self, before: Inventory, change: Change) -> tuple[Inventory, dict[str, str]]:
        """The inventory after a change, and the objects to copy: the new key by the old one.

        Raises:
            ChangeRefused: a part to remove is not in the table.
        """
        removed = set(change.remove)
        stay = [part for part in before.parts if part.key not in removed]
        if len(stay) + len(removed) != len(before.parts):
            missing = sorted(removed - {part.key for part in before.parts})
            raise ChangeRefused(
                f"change {change.number} removes what is not in the table: {', '.join(missing[:3])}"
            )
        gone = [part for part in before.parts if part.key in removed]
        touched = {part.partition_values for part in (*change.add, *gone)}
        copies = {part.key: self._key_of_new(part, change.number) for part in change.add}
        if not self.fixed:
            copies |= {
                part.key: f"{self.folder(part.partition, change.number)}{_name(part.key)}"
                for part in stay
                if part.partition_values in touched
            }
        parts = tuple(
            part.model_copy(update={"key": copies.get(part.key, part.key)})
            for part in (*stay, *change.add)
        )
        return Inventory(number=change.number, parts=parts), copies

    def _key_of_new(self, part: Part, number: int) -> str:
        """A name of its own in the partition, the same each time."""
        name = f"{number:0{NAME_DIGITS}}-{sha256(part.key.encode()).hexdigest()[:16]}.parquet"
        return f"{self.folder(part.partition, number)}{name}"


def _name(key: str) -> str:
    return key.rpartition("/")[2]
