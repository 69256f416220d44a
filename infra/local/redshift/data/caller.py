"""Who calls the Data API, and who that is in a database."""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.athena.clients import Credentials
from infra.local.redshift.identity import db_user


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An identity of IAM."""

    arn: str
    user_id: str
    """What `aws:userid` is: of a role `AROA…:session name`."""
    credentials: Credentials

    @property
    def principal_id(self) -> str:
        """The identity without its session: all sessions of a role see the role's statements."""
        return self.user_id.partition(":")[0]

    @property
    def db_user(self) -> str:
        """The database user with the identity's temporary credentials."""
        return db_user(self.arn)
