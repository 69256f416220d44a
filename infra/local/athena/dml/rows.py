"""DELETE and UPDATE: rows taken away, and rows put in their place.

Sources: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-delete.html and
querying-iceberg-update.html
"""

from __future__ import annotations

from sqlglot import exp

from infra.local.athena.dml import changes
from infra.local.athena.dml.target import (
    Target,
    coerce_all,
    find_target,
    names_of,
    refuse_other_clauses,
    scan_of,
)
from infra.local.athena.errors import Position, located, syntax_error
from infra.local.athena.iceberg.writes.data_files import stage
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import load, new_context
from infra.local.athena.session import quote_name
from infra.local.athena.sql import pruning
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.parser import bind_parameters, parse_query, position_of
from infra.local.athena.sql.plan import PLACE
from infra.local.athena.sql.query import Context
from infra.local.athena.sql.relations import Source
from infra.local.athena.sql.scope import Scope, Typed
from infra.local.athena.work import Work


def delete(work: Work) -> Outcome:
    """DELETE FROM table [WHERE condition]."""
    tree = bind_parameters(parse_query(work.statement.text), work.parameters)
    if not isinstance(tree, exp.Delete):
        raise syntax_error("mismatched input. Expecting: DELETE FROM", position_of(tree))
    refuse_other_clauses(tree, "this", "where")
    _refuse_alias(tree.this)
    target = find_target(work, tree.this, doing="Deleting from")
    context = new_context(work)
    scan, source = scan_of(context, target)
    where = _where(context, source, tree)
    load(work, context.statement)
    rows = stage(work.session, f"SELECT {_places(source)} FROM {source.sql}{where}")
    count = work.session.rows(f"SELECT count(*) FROM {rows}")[0][0]
    if count:
        changes.apply(work, target, scan=scan, places=rows)
    return changes.outcome(work, count)


def update(work: Work) -> Outcome:
    """UPDATE table SET column = value, … [WHERE condition]."""
    tree = bind_parameters(parse_query(work.statement.text), work.parameters)
    if not isinstance(tree, exp.Update):
        raise syntax_error("mismatched input. Expecting: UPDATE", position_of(tree))
    refuse_other_clauses(tree, "this", "expressions", "where")
    _refuse_alias(tree.this)
    target = find_target(work, tree.this, doing="Updating through")
    context = new_context(work)
    scan, source = scan_of(context, target)
    expressions = Expressions(Scope(source.fields), context)
    given = _assignments(expressions, target, tree)
    where = _where(context, source, tree)
    items = ", ".join(
        f"{target.assigned(i, given.get(i) or source.fields[i].value)} AS c{i}"
        for i in range(len(target.fields))
    )
    load(work, context.statement)
    rows = stage(work.session, f"SELECT {_places(source)}, {items} FROM {source.sql}{where}")
    count = work.session.rows(f"SELECT count(*) FROM {rows}")[0][0]
    if count:
        changes.apply(work, target, added=rows, scan=scan, places=rows)
    return changes.outcome(work, count)


def _refuse_alias(node: exp.Expr) -> None:
    alias = node.args.get("alias")
    if alias is not None:
        raise syntax_error(f"mismatched input '{alias.name}'", position_of(alias))


def _places(source: Source) -> str:
    places = [field for field in source.fields if field.name in PLACE]
    return ", ".join(f"{each.value.sql} AS {quote_name(str(each.name))}" for each in places)


def _where(context: Context, source: Source, tree: exp.Expr) -> str:
    clause = tree.args.get("where")
    if clause is None:
        return ""
    expressions = Expressions(Scope(source.fields), context)
    condition = expressions.condition(clause.this, "WHERE clause")
    pruning.register(context, clause.this, source.fields)
    return f" WHERE {condition}"


def _assignments(expressions: Expressions, target: Target, tree: exp.Update) -> dict[int, Typed]:
    """The values of SET by the number of their column."""
    given: dict[int, Typed] = {}
    for node in tree.expressions:
        if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
            raise syntax_error("mismatched input. Expecting: column = value", position_of(node))
        if node.this.table:
            raise syntax_error("mismatched input '.'. Expecting: '='", position_of(node))
        name = node.this.name.lower()
        place = target.place_of(name)
        if place is None:
            message = f"The UPDATE SET target column {name} doesn't exist"
            raise located("COLUMN_NOT_FOUND", message, position_of(node))
        if place in given:
            message = f"Column '{name}' is assigned more than once"
            raise located("DUPLICATE_COLUMN_NAME", message, position_of(node))
        given[place] = expressions.translate(node.expression)
    wanted = [target.types[place] for place in given]
    if not coerce_all(list(given.values()), wanted):
        message = (
            "UPDATE table column types don't match SET expressions:"
            f" Table: [{names_of(wanted)}],"
            f" Expressions: [{names_of([value.type for value in given.values()])}]"
        )
        raise located("TYPE_MISMATCH", message, Position())
    return given
