"""One DuckDB database a query, shut off from everything but the query's own folder."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb

from infra.local.athena.errors import QueryCancelled

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_LIMIT = "1GB"
SPILL_LIMIT = "20GB"
THREADS = 2

_ROWS_AT_ONCE = 1000
_ROWS_IN_A_BATCH = 1 << 16

_MACROS = (Path(__file__).parent / "sql" / "macros.sql").read_text()


def quote_name(name: str) -> str:
    """An identifier of DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A string literal of DuckDB."""
    if "\0" in text:
        # A NUL ends DuckDB's statement, so it is written as the function that makes it.
        return "(" + " || chr(0) || ".join(quote_text(part) for part in text.split("\0")) + ")"
    return "'" + text.replace("'", "''") + "'"


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return quote_text(value) if isinstance(value, str) else str(value)


class Session:
    """A database in memory and a folder on disk; both end with the `with` block.

    The database is made when it is first used: many statements of DDL need none.
    """

    def __init__(self, parent: Path) -> None:
        self.directory = parent / uuid.uuid4().hex
        self._cancelled = threading.Event()
        self._closed = threading.Event()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(mode=0o700, parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        if self._connection is not None:
            self._connection.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": str(THREADS),
                "temp_directory": str(self.directory / "spill"),
                "max_temp_directory_size": SPILL_LIMIT,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "extension_directory": str(self.directory / "no-extensions"),
            },
        )
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_MACROS)
        # Whatever reaches DuckDB can read this folder and nothing else, and cannot change that.
        connection.execute(f"SET allowed_directories = [{quote_text(f'{self.directory}/')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def cancel(self) -> None:
        """Stop what runs, from another thread; the running call raises QueryCancelled."""
        self._cancelled.set()
        connection = self._connection
        if connection is not None:
            threading.Thread(target=self._interrupt, args=(connection,), daemon=True).start()

    def _interrupt(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Again and again: one interruption may fall between two statements."""
        while not self._closed.wait(0.05):
            connection.interrupt()

    def check(self) -> None:
        """Raise QueryCancelled when the query was cancelled."""
        if self._cancelled.is_set():
            raise QueryCancelled("Query cancelled by user")

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        self.check()
        try:
            return self._opened().execute(sql)
        except duckdb.InterruptException as error:
            raise QueryCancelled("Query cancelled by user") from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement and return all of its rows, which the caller knows to be few."""
        return self._execute(sql).fetchall()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query and give its rows in parts."""
        for batch in self._opened().sql(sql).to_arrow_reader(_ROWS_IN_A_BATCH):
            self.check()
            yield batch

    def create_table(
        self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[str | int | None]]
    ) -> None:
        """Make a table of rows of texts and integers; `columns` have DuckDB's types."""
        declared = ", ".join(f"{quote_name(column)} {of}" for column, of in columns.items())
        self.rows(f"CREATE TABLE {name} ({declared})")
        for some in batched(rows, _ROWS_AT_ONCE):
            values = ", ".join(f"({', '.join(map(_literal, row))})" for row in some)
            self.rows(f"INSERT INTO {name} VALUES {values}")

    def value(self, sql: str) -> Any:
        """The value of an expression without columns."""
        return self.rows(f"SELECT {sql}")[0][0]

    def columns(self, sql: str) -> list[tuple[str, Any]]:
        """Names and DuckDB types of a query's columns, without its rows."""
        description = self._execute(f"{sql} LIMIT 0").description or ()
        return [(name, kind) for name, kind, *_ in description]
