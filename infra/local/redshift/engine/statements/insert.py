"""INSERT, and what a column takes when nothing is said.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.scope import Scope, Typed
from infra.local.athena.types import duckdb_type
from infra.local.redshift.engine.errors import (
    SYNTAX_ERROR,
    UNDEFINED_COLUMN,
    RedshiftError,
    syntax_error,
)
from infra.local.redshift.engine.grammar import parse
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Column, Relation
from infra.local.redshift.engine.work import Work


def insert(work: Work) -> Outcome:
    """INSERT INTO table [(columns)] VALUES …, query, or DEFAULT VALUES."""
    tree = work.tree()
    if not isinstance(tree, exp.Insert):
        raise syntax_error("INSERT")
    node = tree.this
    table = node.this if isinstance(node, exp.Schema) else node
    relation = work.target(table.db.lower() or None, table.name.lower())
    names = [each.name.lower() for each in node.expressions] if node is not table else []
    columns = named_columns(relation, names) if names else list(relation.columns)
    work.lock(relation, False)
    if tree.args.get("default"):
        query = f"SELECT {', '.join(complete(work, relation, {}))}"
    elif isinstance(tree.expression, exp.Values):
        query = _values(work, relation, columns, tree.expression)
    else:
        query = _query(work, relation, columns, tree.expression, exact=bool(names))
    count = add(work, relation, query)
    return Outcome(tag="INSERT", row_count=count)


def add(work: Work, relation: Relation, query: str) -> int:
    """Add the rows of DuckDB's query, which gives all columns in their order; how many."""
    return work.connection.count(f"INSERT INTO {relation.storage} {query}")


def named_columns(relation: Relation, names: Sequence[str]) -> list[Column]:
    """The columns of these names.

    Raises:
        RedshiftError: there is no such column, it is named twice, or it numbers itself.
    """
    found = {column.name: column for column in relation.columns}
    for number, name in enumerate(names):
        if name not in found:
            message = f'column "{name}" of relation "{relation.name}" does not exist'
            raise RedshiftError(message, UNDEFINED_COLUMN)
        if name in names[:number]:
            raise RedshiftError(f'column "{name}" specified more than once', "42701")
        if found[name].identity is not None:
            raise RedshiftError("cannot set an identity column to a value", "0A000")
    return [found[name] for name in names]


def _values(work: Work, relation: Relation, columns: list[Column], node: exp.Values) -> str:
    expressions = Expressions(Scope(), work.context())
    rows = []
    for row in node.expressions:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row]
        _refuse_more(len(cells), len(columns))
        given = {
            column.name: assigned(expressions.translate(cell), column)
            for column, cell in zip(columns, cells, strict=False)
            if not _is_default(cell)
        }
        rows.append(f"SELECT {', '.join(complete(work, relation, given))}")
    return " UNION ALL ".join(rows)


def _is_default(node: exp.Expr) -> bool:
    return isinstance(node, exp.Var | exp.Column) and node.name.upper() == "DEFAULT"


def _query(
    work: Work, relation: Relation, columns: list[Column], node: exp.Expr, *, exact: bool
) -> str:
    query = work.context().query(node)
    _refuse_more(len(query.columns), len(columns))
    if exact and len(query.columns) < len(columns):
        raise RedshiftError("INSERT has more target columns than expressions", SYNTAX_ERROR)
    given = {
        column.name: assigned(field.value, column)
        for column, field in zip(columns, query.columns, strict=False)
    }
    return f"SELECT {', '.join(complete(work, relation, given))} FROM ({query.sql})"


def _refuse_more(count: int, most: int) -> None:
    if count > most:
        raise RedshiftError("INSERT has more expressions than target columns", SYNTAX_ERROR)


def complete(work: Work, relation: Relation, given: dict[str, str]) -> list[str]:
    """DuckDB's text of all columns in their order: what is given, or what stands in for it."""
    return [
        f"{given.get(column.name) or nothing(work, relation, column)} AS {quote_name(column.name)}"
        for column in relation.columns
    ]


def nothing(work: Work, relation: Relation, column: Column) -> str:
    """The value of a column that a statement does not name."""
    if column.identity is not None:
        return f"nextval({quote_text(relation.sequence)})"
    if column.default is None:
        return f"CAST(NULL AS {duckdb_type(column.type)})"
    return assigned(default_of(work, column.default), column)


def default_of(work: Work, text: str) -> Typed:
    """The value of DEFAULT."""
    tree = parse(f"SELECT {text}")
    return Expressions(Scope(), work.context()).translate(tree.expressions[0])
