"""A statement of Athena as a statement of Redshift."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lake.targets.redshift_sql import merge
from lake.targets.redshift_sql.expressions import refuse_foreign, translate
from lake.targets.redshift_sql.grammar import parse_athena
from lake.targets.redshift_sql.types import column_type
from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift


def for_redshift(sql: str) -> str:
    """The statement in Redshift's SQL, which sqlglot has parsed again as Redshift's.

    Raises:
        UnsupportedByRedshift: it uses what Redshift lacks, which the message names.
        ValueError: it is not Athena's SQL.
    """
    return _written(_statement(parse_athena(sql)))


def statements_for_redshift(sql: str) -> list[str]:
    """The statement as one or more of Redshift, to be run in one transaction.

    They are several for a MERGE from a query: Redshift merges from a table only, so that the
    query becomes a temporary one.

    Raises:
        UnsupportedByRedshift, ValueError: as `for_redshift`.
    """
    tree = parse_athena(sql)
    source = merge.take_source(tree) if isinstance(tree, exp.Merge) else None
    if source is None:
        return [_written(_statement(tree))]
    name, query = source
    return [
        f"CREATE TEMP TABLE {name} AS {_written(_statement(query))}",
        _written(_statement(tree)),
        f"DROP TABLE {name}",
    ]


def _written(tree: exp.Expr) -> str:
    try:
        text = tree.sql(dialect="redshift", unsupported_level=sqlglot.ErrorLevel.RAISE)
        sqlglot.parse_one(text, read="redshift")
    except SqlglotError as error:
        raise UnsupportedByRedshift(f"form for this statement ({error})") from error
    return text


def _statement(tree: exp.Expr) -> exp.Expr:
    match tree:
        case exp.Merge():
            merge.check(tree)
        case exp.Create():
            tree = _create(tree)
        case exp.Insert() if tree.args.get("overwrite") or tree.args.get("partition"):
            raise UnsupportedByRedshift("INSERT OVERWRITE or PARTITION")
        case exp.Drop() if tree.args.get("kind") not in ("TABLE", "VIEW"):
            raise UnsupportedByRedshift(f"DROP {tree.args.get('kind')} here")
        case exp.Query() | exp.Insert() | exp.Update() | exp.Delete() | exp.Drop():
            pass
        case _:
            raise UnsupportedByRedshift(f"statement {tree.sql()[:40]!r} of Athena")
    refuse_foreign(tree)
    for join in tree.find_all(exp.Join):
        _check_full_join(join)
    return translate(tree)


def _create(tree: exp.Create) -> exp.Expr:
    """CREATE TABLE and VIEW; where Athena's files lie and how, Redshift decides by itself."""
    if tree.args.get("kind") not in ("TABLE", "VIEW"):
        raise UnsupportedByRedshift(f"CREATE {tree.args.get('kind')} here")
    tree.set("properties", None)
    if isinstance(tree.this, exp.Schema):
        columns = []
        for each in tree.this.expressions:
            if isinstance(each, exp.ColumnDef) and isinstance(each.args.get("kind"), exp.DataType):
                kind = column_type(each.args["kind"])
                columns.append(exp.ColumnDef(this=each.this, kind=kind))
        tree.this.set("expressions", columns)
    return tree


def _check_full_join(join: exp.Join) -> None:
    """Redshift joins fully by equalities alone."""
    if (join.args.get("side") or "").upper() != "FULL" or join.args.get("using"):
        return
    condition = join.args.get("on")
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    for each in parts:
        if not isinstance(each, exp.EQ):
            raise UnsupportedByRedshift(
                "FULL JOIN on anything but equalities", "join by = or unite two outer joins"
            )
