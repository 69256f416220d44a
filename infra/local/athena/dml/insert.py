"""INSERT INTO: the rows of a query, appended.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-insert-into.html
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
)
from infra.local.athena.errors import Position, located, syntax_error
from infra.local.athena.iceberg.writes.data_files import stage
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import load, new_context
from infra.local.athena.sql.parser import bind_parameters, parse_query, position_of
from infra.local.athena.work import Work


def insert(work: Work) -> Outcome:
    """INSERT INTO table [(columns)] query."""
    tree = bind_parameters(parse_query(work.statement.text), work.parameters)
    if not isinstance(tree, exp.Insert):
        raise syntax_error("mismatched input. Expecting: INSERT INTO", position_of(tree))
    refuse_other_clauses(tree, "this", "expression", "source")
    into, names = tree.this, []
    if isinstance(into, exp.Schema):
        into, names = into.this, into.expressions
    target = find_target(work, into, doing="Inserting into")
    places = _places(target, names)

    context = new_context(work)
    node = tree.args.get("expression") or exp.select("*").from_(tree.args["source"])
    query = context.query(node)
    values = [column.value for column in query.columns]
    wanted = [target.types[place] for place in places]
    if not coerce_all(values, wanted):
        message = (
            f"Insert query has mismatched column types: Table: [{names_of(wanted)}],"
            f" Query: [{names_of([value.type for value in values])}]"
        )
        raise located("TYPE_MISMATCH", message, Position())
    given = dict(zip(places, values, strict=True))
    items = ", ".join(
        f"{target.assigned(i, given.get(i) or target.nothing(i))} AS c{i}"
        for i in range(len(target.fields))
    )
    load(work, context.statement)
    rows = stage(work.session, f"SELECT {items} FROM ({query.sql}) AS q")
    count = work.session.rows(f"SELECT count(*) FROM {rows}")[0][0]
    if count:
        changes.apply(work, target, added=rows, ordered=bool(node.args.get("order")))
    return changes.outcome(work, count)


def _places(target: Target, names: list[exp.Expr]) -> list[int]:
    """The numbers of the columns that are named, of all where none is."""
    if not names:
        return list(range(len(target.fields)))
    places: list[int] = []
    for node in names:
        name = node.name.lower()
        place = target.place_of(name)
        if place is None:
            message = f"Insert column name does not exist in target table: {name}"
            raise located("COLUMN_NOT_FOUND", message, position_of(node))
        if place in places:
            message = f"Insert column name is specified more than once: {name}"
            raise located("DUPLICATE_COLUMN_NAME", message, position_of(node))
        places.append(place)
    return places
