"""The views of the system that clients ask: the catalogue, and what was loaded.

Source: https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.athena.session import quote_text
from infra.local.athena.sql.plan import Query
from infra.local.athena.sql.scope import Field, Typed
from infra.local.athena.types import BIGINT, BOOLEAN, INTEGER, VARCHAR, Type
from infra.local.redshift.engine.types import TIMESTAMP

_RELATIONS = "(FROM catalog.relations UNION ALL FROM temp.relations)"
_COLUMNS = "(FROM catalog.columns UNION ALL FROM temp.columns)"

_LONG_TYPE = """CASE c.type WHEN 'varchar' THEN 'character varying' WHEN 'char' THEN 'character'
    WHEN 'double' THEN 'double precision' WHEN 'decimal' THEN 'numeric'
    WHEN 'timestamp' THEN 'timestamp without time zone' ELSE c.type END"""
_FULL_TYPE = f"""{_LONG_TYPE} || CASE WHEN c.type IN ('varchar', 'char')
    THEN '(' || c.precision || ')' WHEN c.type = 'decimal'
    THEN '(' || c.precision || ',' || c.scale || ')' ELSE '' END"""
_TEXT_BYTES = "CASE WHEN c.type IN ('varchar', 'char') THEN c.precision END"
_DIGITS = """CASE c.type WHEN 'decimal' THEN c.precision WHEN 'smallint' THEN 16
    WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'real' THEN 24 WHEN 'double' THEN 53 END"""
_SCALE = "CASE WHEN c.type = 'decimal' THEN c.scale WHEN c.type LIKE '%int%' THEN 0 END"


@dataclass(frozen=True, slots=True)
class _View:
    columns: tuple[tuple[str, Type], ...]
    sql: str


def _columns(text: str) -> tuple[tuple[str, Type], ...]:
    """`name:type, …`; a name without a type is a varchar."""
    types = {"": VARCHAR, "int": INTEGER, "big": BIGINT, "bool": BOOLEAN, "ts": TIMESTAMP}
    parts = (each.strip().partition(":") for each in text.split(","))
    return tuple((name, types[kind]) for name, _, kind in parts)


_JOINED = f"{_RELATIONS} AS r JOIN {_COLUMNS} AS c USING (oid)"
_KIND = "CASE WHEN definition IS NULL THEN '{table}' ELSE 'VIEW' END"

_LOAD_ERRORS = _View(
    _columns(
        "userid:int, slice:int, tbl:int, starttime:ts, session:int, query:big, filename,"
        " line_number:big, colname, type, col_length, position:int, raw_line, raw_field_value,"
        " err_code:int, err_reason"
    ),
    "SELECT * FROM catalog.load_errors",
)

_VIEWS: dict[tuple[str, str], _View] = {
    ("information_schema", "schemata"): _View(
        _columns("catalog_name, schema_name, schema_owner"),
        "SELECT {database}, name, owner FROM catalog.schemas",
    ),
    ("information_schema", "tables"): _View(
        _columns("table_catalog, table_schema, table_name, table_type"),
        f"SELECT {{database}}, \"schema\", name, {_KIND.format(table='BASE TABLE')}"
        f" FROM {_RELATIONS}",
    ),
    ("information_schema", "columns"): _View(
        _columns(
            "table_catalog, table_schema, table_name, column_name, ordinal_position:int,"
            " column_default, is_nullable, data_type, character_maximum_length:int,"
            " numeric_precision:int, numeric_scale:int"
        ),
        "SELECT {database}, r.\"schema\", r.name, c.name, c.position, c.\"default\","
        f" CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END, {_LONG_TYPE}, {_TEXT_BYTES},"
        f" {_DIGITS}, {_SCALE} FROM {_JOINED}",
    ),
    ("pg_catalog", "svv_tables"): _View(
        _columns("table_catalog, table_schema, table_name, table_type, remarks"),
        f"SELECT {{database}}, \"schema\", name, {_KIND.format(table='BASE TABLE')},"
        f" CAST(NULL AS VARCHAR) FROM {_RELATIONS}",
    ),
    ("pg_catalog", "svv_columns"): _View(
        _columns(
            "table_catalog, table_schema, table_name, column_name, ordinal_position:int,"
            " column_default, is_nullable, data_type, character_maximum_length:int,"
            " numeric_precision:int, numeric_scale:int, remarks"
        ),
        "SELECT {database}, r.\"schema\", r.name, c.name, c.position, c.\"default\","
        f" CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END, {_LONG_TYPE}, {_TEXT_BYTES},"
        f" {_DIGITS}, {_SCALE}, CAST(NULL AS VARCHAR) FROM {_JOINED}",
    ),
    ("pg_catalog", "pg_table_def"): _View(
        _columns(
            "schemaname, tablename, column, type, encoding, distkey:bool, sortkey:int, notnull:bool"
        ),
        f"SELECT r.\"schema\", r.name, c.name, {_FULL_TYPE}, c.encoding, c.is_distkey, c.sortkey,"
        f" NOT c.nullable FROM {_JOINED} WHERE r.definition IS NULL",
    ),
    ("pg_catalog", "pg_tables"): _View(
        _columns("schemaname, tablename, tableowner"),
        f"SELECT \"schema\", name, owner FROM {_RELATIONS} WHERE definition IS NULL",
    ),
    ("pg_catalog", "pg_views"): _View(
        _columns("schemaname, viewname, viewowner, definition"),
        f"SELECT \"schema\", name, owner, definition FROM {_RELATIONS}"
        " WHERE definition IS NOT NULL",
    ),
    ("pg_catalog", "stl_load_errors"): _LOAD_ERRORS,
    ("pg_catalog", "sys_load_error_detail"): _View(
        _columns(
            "user_id:int, query_id:big, table_id:int, start_time:ts, file_name, line_number:big,"
            " column_name, column_type, column_length, position:int, error_code:int, error_message"
        ),
        "SELECT userid, query, tbl, starttime, filename, line_number, colname, type, col_length,"
        " position, err_code, err_reason FROM catalog.load_errors",
    ),
    ("pg_catalog", "sys_load_history"): _View(
        _columns(
            "user_id:int, query_id:big, table_name, status, start_time:ts, end_time:ts,"
            " loaded_rows:big, loaded_source_files:big, error_count:big"
        ),
        "SELECT userid, query, table_name, max(status), min(starttime), max(endtime),"
        " CAST(sum(lines_scanned - errors) AS BIGINT), count(*), CAST(sum(errors) AS BIGINT)"
        " FROM catalog.loads GROUP BY userid, query, table_name",
    ),
    ("pg_catalog", "stl_load_commits"): _View(
        _columns("userid:int, query:big, filename, curtime:ts, status:int, lines_scanned:big,"
                 " errors:big"),
        "SELECT userid, query, filename, endtime, 1, lines_scanned, errors FROM catalog.loads"
        " WHERE status = 'completed'",
    ),
}  # fmt: skip


def find(schema: str | None, name: str, *, database: str) -> Query | None:
    """The view of that name, text that can stand in FROM; None when there is none."""
    view = _VIEWS.get((schema or "pg_catalog", name))
    if view is None:
        return None
    names = ", ".join(f"s{i}" for i in range(len(view.columns)))
    fields = [Field(name, Typed(f"s{i}", of)) for i, (name, of) in enumerate(view.columns)]
    sql = view.sql.replace("{database}", quote_text(database))
    return Query(f"(SELECT * FROM ({sql}) AS s({names}))", fields)
