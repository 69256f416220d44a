"""Which function runs which statement."""

from __future__ import annotations

from collections.abc import Callable

from infra.local.athena.ddl import databases, partitions, show, tables, views
from infra.local.athena.errors import unsupported
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import select
from infra.local.athena.work import Work
from infra.local.athena.writes import create_table_as_select, unload


def _changes(name: str) -> Callable[[Work], Outcome]:
    """A statement of Iceberg alone, imported with the first one: pyiceberg takes a second."""

    def run(work: Work) -> Outcome:
        from infra.local.athena.dml import insert, merge, optimize, rows, vacuum  # noqa: PLC0415

        return {
            "DELETE": rows.delete,
            "INSERT": insert.insert,
            "MERGE": merge.merge,
            "OPTIMIZE": optimize.optimize,
            "UPDATE": rows.update,
            "VACUUM": vacuum.vacuum,
        }[name](work)

    return run


_STATEMENTS: dict[str, Callable[[Work], Outcome]] = {
    "ALTER_TABLE": partitions.alter_table,
    "CREATE_DATABASE": databases.create_database,
    "CREATE_TABLE": tables.create_table,
    "CREATE_TABLE_AS_SELECT": create_table_as_select,
    "CREATE_VIEW": views.create_view,
    "DELETE": _changes("DELETE"),
    "DESCRIBE": show.describe,
    "DROP_DATABASE": databases.drop_database,
    "DROP_TABLE": tables.drop_table,
    "DROP_VIEW": tables.drop_view,
    "INSERT": _changes("INSERT"),
    "MERGE": _changes("MERGE"),
    "MSCK_REPAIR_TABLE": partitions.repair_table,
    "OPTIMIZE": _changes("OPTIMIZE"),
    "SELECT": select,
    "SHOW_COLUMNS": show.show_columns,
    "SHOW_CREATE_TABLE": show.show_create_table,
    "SHOW_CREATE_VIEW": show.show_create_view,
    "SHOW_DATABASES": show.show_databases,
    "SHOW_PARTITIONS": show.show_partitions,
    "SHOW_TABLES": show.show_tables,
    "SHOW_TBLPROPERTIES": show.show_table_properties,
    "SHOW_VIEWS": show.show_views,
    "UNLOAD": unload,
    "UPDATE": _changes("UPDATE"),
    "VACUUM": _changes("VACUUM"),
}


def run_statement(work: Work) -> Outcome:
    """Run the statement, or refuse it by name.

    Raises:
        QueryError: the statement is wrong, or this engine does not support it.
    """
    run = _STATEMENTS.get(work.statement.name)
    if run is None:
        raise unsupported(work.statement.name.replace("_", " "))
    return run(work)
