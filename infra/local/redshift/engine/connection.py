"""One connection to the file of a database: DuckDB's statements, and their failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from infra.local.athena import session as athena_session
from infra.local.redshift.engine.errors import QueryCancelled
from infra.local.redshift.engine.failures import as_redshift

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_LIMIT = "512MB"
SPILL_LIMIT = "10GB"
THREADS = 2

_MACROS = (
    (Path(athena_session.__file__).parent / "sql" / "macros.sql")
    .read_text()
    .replace("CREATE MACRO", "CREATE TEMP MACRO")
)


def open_file(directory: Path) -> duckdb.DuckDBPyConnection:
    """The file of a database, shut off from everything but the folder `scratch` beside it."""
    scratch = directory / "scratch"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = duckdb.connect(
        str(directory / "database.duckdb"),
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": str(THREADS),
            "temp_directory": str(directory / "spill"),
            "max_temp_directory_size": SPILL_LIMIT,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "extension_directory": str(directory / "no-extensions"),
        },
    )
    opened.execute("SET GLOBAL TimeZone = 'UTC'")
    allowed = athena_session.quote_text(f"{scratch}/")
    opened.execute(f"SET allowed_directories = [{allowed}]")
    opened.execute("SET enable_external_access = false")
    opened.execute("SET lock_configuration = true")
    return opened


class Connection:
    """A cursor of DuckDB with a transaction and temporary tables of its own."""

    def __init__(self, opened: duckdb.DuckDBPyConnection) -> None:
        self._cursor = opened.cursor()
        self._cursor.execute(_MACROS)
        self._cancelled = threading.Event()
        self._idle = threading.Event()
        self._idle.set()

    def start(self) -> None:
        """A statement of a client begins: what was cancelled before is over."""
        self._cancelled.clear()
        self._idle.clear()

    def finish(self) -> None:
        """The statement ended."""
        self._idle.set()

    def cancel(self) -> None:
        """Stop the statement that runs, from another thread."""
        if not self._idle.is_set():
            self._cancelled.set()
            threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Again and again: one interruption may fall between two statements."""
        while not self._idle.wait(0.05):
            self._cursor.interrupt()

    def check(self) -> None:
        """Raise QueryCancelled when the statement was cancelled."""
        if self._cancelled.is_set():
            raise QueryCancelled

    def execute(self, sql: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement of DuckDB; `?` in it stands for the values.

        Raises:
            RedshiftError: it failed.
        """
        self.check()
        try:
            return self._cursor.execute(sql, list(values)) if values else self._cursor.execute(sql)
        except duckdb.Error as error:
            raise as_redshift(error) from error

    def rollback(self) -> None:
        """End the transaction, whatever state it is in; also when the statement is cancelled."""
        try:
            self._cursor.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # there is none any more: a failed COMMIT has ended it
        except duckdb.InterruptException:
            self.rollback()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all of its rows, which the caller knows to be few."""
        return self.execute(sql, values).fetchall()

    def count(self, sql: str) -> int:
        """Run a statement that changes rows: how many."""
        return int(self.rows(sql)[0][0])

    def value(self, sql: str) -> Any:
        """The value of an expression without columns."""
        return self.rows(f"SELECT {sql}")[0][0]

    def table(self, sql: str) -> pa.Table:
        """All rows of a query."""
        self.check()
        try:
            found: pa.Table = self._cursor.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise as_redshift(error) from error
        return found

    @contextmanager
    def registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Rows in memory as a table of that name."""
        self._cursor.register(name, rows)
        try:
            yield
        finally:
            self._cursor.unregister(name)

    def close(self) -> None:
        """Roll back what is open and drop what is temporary."""
        self._cursor.close()
