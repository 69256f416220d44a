"""MERGE, which Redshift runs as a DELETE or an UPDATE and an INSERT of what did not match.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from infra.local.athena.session import quote_name
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.relations import Source
from infra.local.athena.sql.scope import Scope
from infra.local.redshift.engine.context import QueryContext
from infra.local.redshift.engine.errors import (
    FEATURE_NOT_SUPPORTED,
    SYNTAX_ERROR,
    RedshiftError,
    syntax_error,
)
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Relation
from infra.local.redshift.engine.statements.changes import assignments, read_target, row_of
from infra.local.redshift.engine.statements.insert import add, complete, named_columns
from infra.local.redshift.engine.work import Work

_SIMPLE = re.compile(r"\bREMOVE\s+DUPLICATES\s*;?\s*$", re.IGNORECASE)
_REPLACED = "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (NULL)"


@dataclass(frozen=True, slots=True)
class _Merge:
    """The parts of a MERGE."""

    work: Work
    context: QueryContext
    target: Relation
    source: Relation
    own: Source
    other: Source
    condition: str

    @property
    def expressions(self) -> Expressions:
        """Of the target's and the source's columns."""
        return Expressions(Scope([*self.own.fields, *self.other.fields]), self.context)


def merge(work: Work) -> Outcome:
    """MERGE INTO table USING table ON … WHEN MATCHED … WHEN NOT MATCHED … | REMOVE DUPLICATES."""
    simple = _SIMPLE.search(work.sql) is not None
    tree = work.tree(_SIMPLE.sub(_REPLACED, work.sql))
    if not isinstance(tree, exp.Merge):
        raise syntax_error("MERGE")
    if tree.args.get("with_") or tree.find(exp.CTE):
        raise RedshiftError("WITH clause is not supported in MERGE statement", SYNTAX_ERROR)
    parts = _parts(work, tree)
    if simple:
        return _replace_rows(parts)
    matched, unmatched = _whens(tree)
    staged = _stage_unmatched(parts, unmatched)
    changed = _change_matched(parts, matched)
    added = add(work, parts.target, f"SELECT * FROM {staged}")
    work.connection.execute(f"DROP TABLE {staged}")
    return Outcome(tag="MERGE", row_count=changed + added)


def _parts(work: Work, tree: exp.Merge) -> _Merge:
    node, using = tree.this, tree.args["using"]
    if not isinstance(node, exp.Table) or node.alias:
        raise syntax_error(node.alias or node.sql())
    target = work.target(node.db.lower() or None, node.name.lower())
    if not isinstance(using, exp.Table):
        message = "Source of MERGE must be a table: a view or a subquery is not supported"
        raise RedshiftError(message, FEATURE_NOT_SUPPORTED)
    source = work.catalog.get(using.db.lower() or None, using.name.lower())
    if source.is_view:
        message = "Source of MERGE must be a table: a view or a subquery is not supported"
        raise RedshiftError(message, FEATURE_NOT_SUPPORTED)
    if source.oid == target.oid:
        message = "Source and target of MERGE cannot be the same table"
        raise RedshiftError(message, FEATURE_NOT_SUPPORTED)
    work.lock(target, True)
    work.reads.add(source.oid)
    context = work.context()
    own = read_target(context, target)
    other = read_target(context, source, using.alias.lower())
    scope = Scope([*own.fields, *other.fields])
    condition = Expressions(scope, context).condition(tree.args["on"], "MERGE ON clause")
    return _Merge(work, context, target, source, own, other, condition)


def _whens(tree: exp.Merge) -> tuple[exp.When, exp.When]:
    """The clause of the rows that match, and that of the others: one of each, unconditional."""
    clauses = tree.args["whens"].expressions
    for each in clauses:
        if each.args.get("condition") is not None:
            raise syntax_error("AND")
        if each.args.get("source"):
            raise syntax_error("BY")
    matched = [each for each in clauses if each.args["matched"]]
    unmatched = [each for each in clauses if not each.args["matched"]]
    if len(matched) != 1 or len(unmatched) != 1:
        raise RedshiftError(
            "MERGE needs one WHEN MATCHED clause and one WHEN NOT MATCHED clause", SYNTAX_ERROR
        )
    return matched[0], unmatched[0]


def _stage_unmatched(parts: _Merge, clause: exp.When) -> str:
    """The rows to insert, kept before the table changes; the name of where."""
    then = clause.args["then"]
    if not isinstance(then, exp.Insert) or not isinstance(then.expression, exp.Tuple | exp.Paren):
        raise syntax_error(then.key.upper())
    nodes = then.expression.expressions or [then.expression.this]
    named = then.this
    names = [each.name.lower() for each in named.expressions or [named.this]] if named else []
    columns = named_columns(parts.target, names) if names else list(parts.target.columns)
    if len(columns) != len(nodes):
        raise RedshiftError("MERGE INSERT needs one value for each column", SYNTAX_ERROR)
    expressions = Expressions(Scope(parts.other.fields), parts.context)
    given = {
        column.name: assigned(expressions.translate(node), column)
        for column, node in zip(columns, nodes, strict=True)
    }
    rows = ", ".join(complete(parts.work, parts.target, given))
    staged = f"temp.{quote_name('merge unmatched')}"
    parts.work.connection.execute(
        f"CREATE TEMP TABLE {quote_name('merge unmatched')} AS SELECT {rows}"
        f" FROM {parts.other.sql}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {parts.own.sql} WHERE {parts.condition})"
    )
    return staged


def _change_matched(parts: _Merge, clause: exp.When) -> int:
    then, connection = clause.args["then"], parts.work.connection
    if isinstance(then, exp.Var) and then.name.upper() == "DELETE":
        return connection.count(_deletion(parts))
    if not isinstance(then, exp.Update):
        raise syntax_error(then.key.upper())
    repeated = (
        f"SELECT 1 FROM {parts.own.sql} JOIN {parts.other.sql} ON {parts.condition}"
        f" GROUP BY {row_of(parts.own)} HAVING count(*) > 1 LIMIT 1"
    )
    if connection.rows(repeated):
        raise RedshiftError("Found multiple matches to update the same tuple.", "21000")
    pairs = assignments(parts.work, parts.target, then.expressions, parts.expressions)
    return connection.count(
        f"UPDATE {parts.own.sql} SET {pairs} FROM {parts.other.sql} WHERE {parts.condition}"
    )


def _deletion(parts: _Merge) -> str:
    rows = f"SELECT {row_of(parts.own)} FROM {parts.own.sql}, {parts.other.sql}"
    return f"DELETE FROM {parts.target.storage} WHERE rowid IN ({rows} WHERE {parts.condition})"


def _replace_rows(parts: _Merge) -> Outcome:
    """REMOVE DUPLICATES: what matches gives way to the source's rows, each of them once."""
    target, source = parts.target, parts.source
    if len(target.columns) != len(source.columns):
        raise RedshiftError(
            "MERGE with REMOVE DUPLICATES needs a source and a target with the same columns",
            SYNTAX_ERROR,
        )
    deleted = parts.work.connection.count(_deletion(parts))
    given = {
        column.name: assigned(field.value, column)
        for column, field in zip(target.columns, parts.other.fields, strict=True)
    }
    rows = ", ".join(complete(parts.work, target, given))
    added = add(parts.work, target, f"SELECT DISTINCT {rows} FROM {parts.other.sql}")
    return Outcome(tag="MERGE", row_count=deleted + added)
