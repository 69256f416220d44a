"""UPDATE, DELETE and TRUNCATE.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html, r_DELETE.html, r_TRUNCATE.html
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from infra.local.athena.session import quote_name
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.relations import Relations, Source
from infra.local.athena.sql.scope import Field, Scope, Typed
from infra.local.redshift.engine.context import QueryContext
from infra.local.redshift.engine.errors import syntax_error, unsupported
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Relation
from infra.local.redshift.engine.statements.insert import named_columns, nothing
from infra.local.redshift.engine.work import Work


def read_target(context: QueryContext, relation: Relation, alias: str = "") -> Source:
    """The table that changes, as its own conditions see it."""
    own = context.statement.fresh("r")
    fields = [
        Field(
            each.name,
            Typed(f"{own}.{quote_name(each.name)}", each.type),
            relation=alias or relation.name,
        )
        for each in relation.columns
    ]
    return Source(f"{relation.storage} AS {own}", fields)


def row_of(source: Source) -> str:
    """What numbers the rows of a table in DuckDB."""
    return f"{source.sql.rpartition(' ')[2]}.rowid"


def _target(work: Work, node: exp.Expr) -> tuple[Relation, str]:
    """The table that a statement changes, and its alias."""
    if not isinstance(node, exp.Table):
        raise syntax_error(node.sql())
    return work.target(node.db.lower() or None, node.name.lower()), node.alias.lower()


def _refuse_other(tree: exp.Expr, *known: str) -> None:
    for name, value in tree.args.items():
        if value and name not in known:
            raise unsupported(f"{name.strip('_').upper()} in {tree.key.upper()}")


def _context(work: Work, tree: exp.Expr) -> QueryContext:
    """The context with the queries of a WITH in sight."""
    context = work.context()
    found = context._with_clause(tree)
    return replace(context, named=found.named)


def update(work: Work) -> Outcome:
    """UPDATE table [alias] SET column = value, … [FROM …] [WHERE …]."""
    tree = work.tree()
    _refuse_other(tree, "this", "expressions", "from_", "where", "with_")
    relation, alias = _target(work, tree.this)
    work.lock(relation, True)
    context = _context(work, tree)
    own = read_target(context, relation, alias)
    clause = tree.args.get("from_")
    other = Relations(context).relation(clause.this) if clause is not None else Source("", [])
    expressions = Expressions(Scope([*own.fields, *other.fields]), context)
    pairs = assignments(work, relation, tree.expressions, expressions)
    sql = f"UPDATE {own.sql} SET {pairs}"
    if other.sql:
        sql += f" FROM {other.sql}"
    if where := tree.args.get("where"):
        sql += f" WHERE {expressions.condition(where.this, 'WHERE')}"
    return Outcome(tag="UPDATE", row_count=work.connection.count(sql))


def assignments(
    work: Work, relation: Relation, nodes: list[exp.Expr], expressions: Expressions
) -> str:
    """`column = value, …` of SET."""
    pairs = []
    for node in nodes:
        if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
            raise syntax_error(node.sql())
        (column,) = named_columns(relation, [node.this.name.lower()])
        value = node.expression
        if isinstance(value, exp.Var | exp.Column) and value.name.upper() == "DEFAULT":
            text = nothing(work, relation, column)
        else:
            text = assigned(expressions.translate(value), column)
        pairs.append(f"{quote_name(column.name)} = {text}")
    return ", ".join(pairs)


def delete(work: Work) -> Outcome:
    """DELETE [FROM] table [alias] [USING …] [WHERE …]."""
    tree = work.tree()
    _refuse_other(tree, "this", "using", "where", "with_")
    relation, alias = _target(work, tree.this)
    work.lock(relation, True)
    context = _context(work, tree)
    own = read_target(context, relation, alias)
    sources, fields = [own.sql], list(own.fields)
    for node in tree.args.get("using") or []:
        source = Relations(context).relation(node)
        sources.append(source.sql)
        fields += source.fields
    where = ""
    if clause := tree.args.get("where"):
        where = f" WHERE {Expressions(Scope(fields), context).condition(clause.this, 'WHERE')}"
    rows = f"SELECT {row_of(own)} FROM {' CROSS JOIN '.join(sources)}{where}"
    sql = f"DELETE FROM {relation.storage} WHERE rowid IN ({rows})"
    return Outcome(tag="DELETE", row_count=work.connection.count(sql))


def truncate(work: Work) -> Outcome:
    """TRUNCATE [TABLE] table: removes all rows and commits."""
    cursor = work.cursor
    cursor.expect("TRUNCATE")
    cursor.accept("TABLE")
    relation = work.target(*cursor.qualified_name())
    cursor.end()
    work.lock(relation, True)
    work.connection.execute(f"DELETE FROM {relation.storage}")
    work.commits = True
    return Outcome(tag="TRUNCATE TABLE")
