"""Types of Athena in Redshift.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

from sqlglot import exp

from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift

MAX_VARCHAR_BYTES = 65_535
_BYTES_OF_A_LETTER = 4
_SAME = {
    exp.DType.BOOLEAN: "BOOLEAN",
    exp.DType.TINYINT: "SMALLINT",
    exp.DType.SMALLINT: "SMALLINT",
    exp.DType.INT: "INTEGER",
    exp.DType.BIGINT: "BIGINT",
    exp.DType.FLOAT: "REAL",
    exp.DType.DOUBLE: "DOUBLE PRECISION",
    exp.DType.DATE: "DATE",
    exp.DType.TIMESTAMP: "TIMESTAMP",
}


def translate_type(node: exp.DataType) -> tuple[exp.DataType, int | None]:
    """The type, and to how many letters a cast to it cuts a text.

    Raises:
        UnsupportedByRedshift: it has no such type, for example an array.
    """
    sizes = [int(each.name) for each in node.expressions if isinstance(each, exp.DataTypeParam)]
    if node.this in (exp.DType.VARCHAR, exp.DType.TEXT):
        return _type(f"VARCHAR({MAX_VARCHAR_BYTES})"), (sizes[0] if sizes else None)
    if node.this is exp.DType.DECIMAL:
        precision, scale = (*sizes, 0, 0)[:2] if sizes else (38, 0)
        return _type(f"DECIMAL({precision}, {scale})"), None
    if node.this in _SAME:
        return _type(_SAME[node.this]), None
    raise UnsupportedByRedshift(f"type {node.sql(dialect='trino')}")


def column_type(node: exp.DataType) -> exp.DataType:
    """The type of a column: letters of Athena are bytes in Redshift, up to four for a letter."""
    to, letters = translate_type(node)
    if letters is None:
        return to
    return _type(f"VARCHAR({min(letters * _BYTES_OF_A_LETTER, MAX_VARCHAR_BYTES)})")


def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="redshift")
