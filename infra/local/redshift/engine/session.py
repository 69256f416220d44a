"""A connection to a database: its transaction, its temporary tables, its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from infra.local.athena.clients import Credentials
from infra.local.redshift.engine.errors import unsupported
from infra.local.redshift.engine.outcome import Outcome

type CopyCredentials = Callable[[str | None], Credentials]
"""The credentials of an IAM role by its ARN, or of the default role for None; it may raise
RedshiftError when the role cannot be assumed."""


class Session:
    """One connection; a statement at a time, from any thread. `Database.connect` makes it."""

    def __init__(self, user: str, copy_credentials: CopyCredentials) -> None:
        self.user = user
        self.copy_credentials = copy_credentials

    def run(self, sql: str, parameters: Mapping[str, str | None] | None = None) -> Outcome:
        """Run one statement; outside of BEGIN and COMMIT it is a transaction of its own.

        Args:
            sql: the statement, with or without a semicolon at its end.
            parameters: the values of `:name` in it, each a text that takes the type of its place.

        Raises:
            RedshiftError: it is wrong, refused or failed; an open transaction is then aborted.
            QueryCancelled: another thread called `cancel`.
        """
        raise unsupported(f"{sql} with {parameters}")

    def run_batch(self, sqls: Sequence[str]) -> list[Outcome]:
        """Run the statements in one transaction: all of them, or none.

        Raises:
            RedshiftError: a statement failed; `failed_index` of the error says which.
        """
        return [self.run(sql) for sql in sqls]

    def cancel(self) -> None:
        """Stop the statement that runs, from another thread; nothing where none runs."""

    def close(self) -> None:
        """Roll back what is open and drop the temporary tables."""
