"""One statement at work: its text, and all that it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from infra.local.redshift.engine.catalog import PUBLIC, Catalog
from infra.local.redshift.engine.connection import Connection
from infra.local.redshift.engine.context import QueryContext, new_context
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.grammar import bind, parse
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.names import prepared
from infra.local.redshift.engine.relation import Relation

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from infra.local.redshift.engine.loads import LoadLog


@dataclass(kw_only=True)
class Work:
    """A statement between BEGIN and COMMIT."""

    sql: str
    parameters: Mapping[str, str | None]
    user: str
    database: str
    connection: Connection
    catalog: Catalog
    scratch: Path
    """A folder that DuckDB may read and write, there on demand."""
    lock: Callable[[Relation, bool], None]
    """Called before rows of a table change: whether rows that are there matter to the change."""
    s3: Callable[[str | None], S3Client]
    """S3 with the permissions of a role, or of the default role for None."""
    loads: LoadLog
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    reads: set[int] = field(default_factory=set)
    commits: bool = False
    """Set by a statement that commits whatever is open, as TRUNCATE does."""

    @property
    def cursor(self) -> Cursor:
        """The words of the statement, from the first."""
        return Cursor(self.sql)

    def tree(self, sql: str | None = None) -> exp.Expr:
        """The statement, or a query in it, as a tree with its parameters put in."""
        tree = bind(parse(sql or self.sql), self.parameters)
        return prepared(tree, user=self.user, database=self.database)

    def context(self) -> QueryContext:
        """What is around the outermost query."""
        return new_context(
            catalog=self.catalog,
            user=self.user,
            database=self.database,
            now=self.now.strftime("%Y-%m-%d %H:%M:%S.%f"),
            evaluate=self.connection.value,
            reads=self.reads,
        )

    def target(self, schema: str | None, name: str) -> Relation:
        """A table whose rows or columns are to change.

        Raises:
            RedshiftError: there is none, or it is a view.
        """
        found = self.catalog.get(schema, name)
        if found.is_view:
            raise RedshiftError(f'"{found.name}" is not a table', "42809")
        return found

    def schema_of(self, schema: str | None) -> str:
        """The schema in which something is made."""
        return schema or (self.catalog.search_path or [PUBLIC])[0]
