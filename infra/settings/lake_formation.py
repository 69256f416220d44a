"""Who may read the tables, where Lake Formation decides that."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.base import Distinct, Settings

Principal = Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:(user|role)/\S+$")]
"""The ARN of a user or a role."""


class LakeFormationSettings(Settings):
    """Lake Formation decides who reads and changes the tables, and IAM no longer alone.

    The execution role may do what the DAGs do; nobody else but the readers may anything.
    """

    readers: Distinct[Principal] = ()
    """May query every table of the environment's database."""

    @property
    def accounts(self) -> list[str]:
        """The accounts of the readers."""
        return sorted({reader.split(":")[4] for reader in self.readers})

    @model_validator(mode="after")
    def of_one_account(self) -> Self:
        """Refuse readers of several accounts: with others the tables would have to be shared."""
        if len(self.accounts) > 1:
            raise ValueError(
                f"readers: of the accounts {', '.join(self.accounts)}: expected users and roles of "
                "the environment's own"
            )
        return self
