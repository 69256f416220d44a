"""What the control plane needs of the rest of AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Surroundings(Protocol):
    """Other services of the account and region; every call answers at once."""

    def make_secret(self, name: str, *, text: str, kms_key_id: str | None) -> str:
        """Keep a secret, in place of one that has the name; its ARN comes back."""
        ...

    def drop_secret(self, arn: str) -> None:
        """Delete a secret for good; nothing where there is none."""
        ...

    def zones_of(self, subnet_ids: Sequence[str]) -> dict[str, str]:
        """The zone of each subnet that exists."""
        ...

    def drop_data(self, namespace_id: str) -> None:
        """Remove the databases of a namespace."""
        ...
