"""SHOW and DESCRIBE."""

from __future__ import annotations

import re

from infra.local.athena import partitions
from infra.local.athena.catalog import Column, Table
from infra.local.athena.ddl import text_result
from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.ddl.partitions import needed_table, partition_name
from infra.local.athena.ddl.tables import failed
from infra.local.athena.ddl.views import definition
from infra.local.athena.errors import unsupported
from infra.local.athena.journal import Outcome
from infra.local.athena.sql.plan import Scan
from infra.local.athena.work import Work


def _matches(pattern: str | None, name: str) -> bool:
    """Hive's patterns: `*` for anything, `|` for or."""
    if pattern is None:
        return True
    parts = (re.escape(part).replace(r"\*", ".*") for part in pattern.lower().split("|"))
    return re.fullmatch("|".join(parts), name) is not None


def _database_and_pattern(work: Work, cursor: Cursor) -> tuple[str, str | None]:
    database = work.database
    if cursor.accept("IN") or cursor.accept("FROM"):
        database = cursor.name()
    cursor.accept("LIKE")
    pattern = None if cursor.ended else cursor.string()
    cursor.end()
    if not work.catalog.has_database(database):
        raise failed(f"SemanticException [Error 10072]: Database does not exist: {database}")
    return database, pattern


def show_tables(work: Work) -> Outcome:
    """SHOW TABLES [IN database] ['pattern']: tables and views."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "TABLES")
    database, pattern = _database_and_pattern(work, cursor)
    names = [table.name for table in work.catalog.tables(database)]
    return text_result(work, [name for name in names if _matches(pattern, name)], "tab_name")


def show_views(work: Work) -> Outcome:
    """SHOW VIEWS [IN database] [LIKE 'pattern']."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "VIEWS")
    database, pattern = _database_and_pattern(work, cursor)
    names = [table.name for table in work.catalog.tables(database) if table.is_view]
    return text_result(work, [name for name in names if _matches(pattern, name)], "views")


def show_databases(work: Work) -> Outcome:
    """SHOW DATABASES [LIKE 'pattern']."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW")
    if not cursor.accept("DATABASES"):
        cursor.expect("SCHEMAS")
    cursor.accept("LIKE")
    pattern = None if cursor.ended else cursor.string()
    cursor.end()
    names = [name for name in work.catalog.databases() if _matches(pattern, name)]
    return text_result(work, names, "database_name")


def _named_table(work: Work, cursor: Cursor) -> Table:
    database, name = cursor.qualified_name(work.database)
    table = work.catalog.find(database, name)
    if table is None:
        raise failed(f"SemanticException [Error 10001]: Table not found {database}.{name}")
    return table


def show_partitions(work: Work) -> Outcome:
    """SHOW PARTITIONS table: registered or projected ones."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "PARTITIONS")
    table = needed_table(work, *cursor.qualified_name(work.database))
    cursor.end()
    if not table.partition_keys:
        where = f"{table.database}.{table.name}"
        raise failed(f"SemanticException [Error 10241]: Table {where} is not a partitioned table")
    chosen = partitions.choose(Scan("partitions", table), work.catalog, work.session)
    names = sorted(partition_name(table, each.values) for each in chosen.partitions)
    return text_result(work, names, "partition")


def show_columns(work: Work) -> Outcome:
    """SHOW COLUMNS IN table [IN database]."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "COLUMNS")
    if not cursor.accept("IN"):
        cursor.expect("FROM")
    database, name = cursor.qualified_name(work.database)
    if cursor.accept("IN") or cursor.accept("FROM"):
        database = cursor.name()
    cursor.end()
    table = work.catalog.find(database, name)
    if table is None:
        raise failed(f"SemanticException [Error 10001]: Table not found {database}.{name}")
    columns = work.catalog.columns(table)
    return text_result(work, [f"{column.name:<20}" for column in columns], "field")


def show_table_properties(work: Work) -> Outcome:
    """SHOW TBLPROPERTIES table [('name')]."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "TBLPROPERTIES")
    table = _named_table(work, cursor)
    properties = table.parameters
    if table.is_iceberg:
        from infra.local.athena.ddl import iceberg  # noqa: PLC0415 - imports what takes a second

        properties = iceberg.properties(work.catalog.iceberg(table))
    if not cursor.ended:
        cursor.expect("(")
        name = cursor.string()
        cursor.expect(")")
        cursor.end()
        missing = f"Table {table.database}.{table.name} does not have property: {name}"
        return text_result(work, [properties.get(name, missing)], "prpt_name")
    lines = [f"{name}\t{value}" for name, value in sorted(properties.items())]
    return text_result(work, lines, "prpt_name", "prpt_value")


def _described(column: Column) -> str:
    return f"{column.name:<20}\t{column.hive_type:<20}\t{column.comment:<20}"


def describe(work: Work) -> Outcome:
    """DESCRIBE table: its columns, then its partition keys."""
    cursor = Cursor(work.statement.text)
    if not cursor.accept("DESCRIBE"):
        cursor.expect("DESC")
    if cursor.accept("EXTENDED") or cursor.accept("FORMATTED"):
        raise unsupported("DESCRIBE EXTENDED and FORMATTED")
    table = _named_table(work, cursor)
    if not cursor.ended:
        raise unsupported("DESCRIBE of a column or a partition")
    if table.is_iceberg:
        from infra.local.athena.ddl import iceberg  # noqa: PLC0415 - imports what takes a second

        lines = iceberg.description(work.catalog.iceberg(table))
        return text_result(work, lines, "col_name", "data_type", "comment")
    lines = [_described(column) for column in (*table.columns, *table.partition_keys)]
    if table.partition_keys:
        lines += ["\t \t ", "# Partition Information\t \t "]
        lines += [f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}", "\t \t "]
        lines += [_described(column) for column in table.partition_keys]
    return text_result(work, lines, "col_name", "data_type", "comment")


def show_create_view(work: Work) -> Outcome:
    """SHOW CREATE VIEW view."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "CREATE", "VIEW")
    table = _named_table(work, cursor)
    cursor.end()
    if not table.is_view:
        raise failed(f"SemanticException {table.database}.{table.name} is not a view")
    lines = f"CREATE VIEW {table.database}.{table.name} AS\n{definition(table)}".split("\n")
    return text_result(work, lines, "Create View")


def show_create_table(work: Work) -> Outcome:
    """SHOW CREATE TABLE table: the statement that makes it again."""
    cursor = Cursor(work.statement.text)
    cursor.expect("SHOW", "CREATE", "TABLE")
    table = _named_table(work, cursor)
    cursor.end()
    if table.is_view:
        raise failed(f"SemanticException {table.database}.{table.name} is a view")
    lines = _create_table(table)
    if table.is_iceberg:
        from infra.local.athena.ddl import iceberg  # noqa: PLC0415 - imports what takes a second

        name = f"{table.database}.{table.name}"
        lines = iceberg.create_statement(work.catalog.iceberg(table), name)
    return text_result(work, lines, "createtab_stmt")


def _column_lines(columns: tuple[Column, ...]) -> list[str]:
    lines = [
        f"  `{column.name}` {column.hive_type}"
        + (f" COMMENT {_quoted(column.comment)}" if column.comment else "")
        for column in columns
    ]
    return [*(f"{line}, " for line in lines[:-1]), f"{lines[-1]})"] if lines else ["  )"]


def _property_lines(properties: dict[str, str]) -> list[str]:
    lines = [f"  {_quoted(name)}={_quoted(value)}" for name, value in sorted(properties.items())]
    return [*(f"{line}, " for line in lines[:-1]), f"{lines[-1]}) "] if lines else ["  )"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    for character, name in (("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        escaped = escaped.replace(character, name)
    escaped = re.sub(r"[\x00-\x1f]", lambda match: f"\\{ord(match[0]):03o}", escaped)
    return f"'{escaped}'"


def _create_table(table: Table) -> list[str]:
    storage = table.storage
    lines = [f"CREATE EXTERNAL TABLE `{table.database}.{table.name}`("]
    lines += _column_lines(table.columns)
    if table.comment:
        lines.append(f"COMMENT {_quoted(table.comment)}")
    if table.partition_keys:
        lines += ["PARTITIONED BY ( ", *_column_lines(table.partition_keys)]
    lines += ["ROW FORMAT SERDE ", f"  {_quoted(storage.serde)} "]
    if storage.serde_parameters:
        lines += ["WITH SERDEPROPERTIES ( ", *_property_lines(storage.serde_parameters)]
    lines += ["STORED AS INPUTFORMAT ", f"  {_quoted(storage.input_format)} "]
    lines += ["OUTPUTFORMAT ", f"  {_quoted(storage.output_format)}"]
    lines += ["LOCATION", f"  {_quoted(storage.location)}"]
    if table.parameters:
        lines += ["TBLPROPERTIES (", *_property_lines(table.parameters)]
    return lines
