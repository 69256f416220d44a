"""MERGE: rows of a source change, replace or become rows of the table.

Source: https://trino.io/docs/current/sql/merge.html and Trino's QueryPlanner
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from infra.local.athena.dml import changes
from infra.local.athena.dml.changes import CASE
from infra.local.athena.dml.target import (
    Target,
    coerce_all,
    find_target,
    names_of,
    refuse_other_clauses,
    scan_of,
)
from infra.local.athena.errors import ErrorType, QueryError, located, syntax_error
from infra.local.athena.iceberg.writes.data_files import stage
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import load, new_context
from infra.local.athena.session import quote_name
from infra.local.athena.sql import pruning
from infra.local.athena.sql.expressions import Expressions
from infra.local.athena.sql.parser import bind_parameters, parse_query, position_of
from infra.local.athena.sql.plan import PLACE
from infra.local.athena.sql.relations import Relations
from infra.local.athena.sql.scope import Scope, Typed
from infra.local.athena.work import Work

_CASE, _FILE, _ROW = map(quote_name, (CASE, *PLACE))


@dataclass(frozen=True, slots=True)
class _Clause:
    """One WHEN: what it does, under which condition, with which values by column."""

    does: Literal["update", "insert", "delete"]
    condition: str
    values: dict[int, Typed]


def merge(work: Work) -> Outcome:
    """MERGE INTO table USING source ON condition WHEN … THEN …"""
    tree = bind_parameters(parse_query(work.statement.text), work.parameters)
    if not isinstance(tree, exp.Merge):
        raise syntax_error("mismatched input. Expecting: MERGE INTO", position_of(tree))
    refuse_other_clauses(tree, "this", "using", "on", "whens")
    target = find_target(work, tree.this, doing="Merging into")
    context = new_context(work)
    alias = tree.this.args.get("alias")
    scan, own = scan_of(context, target, alias.name.lower() if alias is not None else None)
    source = Relations(context).relation(tree.args["using"])
    expressions = Expressions(Scope([*own.fields, *source.fields]), context)
    condition = expressions.condition(tree.args["on"], "MERGE ON clause")
    pruning.register(context, tree.args["on"], own.fields)
    file, row = (field.value.sql for field in own.fields if field.name in PLACE)
    clauses = _Clauses(expressions, target, matched=f"{row} IS NOT NULL")
    found = [
        clauses.read(number, node) for number, node in enumerate(tree.args["whens"].expressions)
    ]
    columns = ", ".join(
        f"{_value(found, target, i, own.fields[i].value)} AS c{i}"
        for i in range(len(target.fields))
    )
    tests = " ".join(f"WHEN {clause.condition} THEN {i}" for i, clause in enumerate(found))
    load(work, context.statement)
    rows = stage(
        work.session,
        f"SELECT * FROM (SELECT {file} AS {_FILE}, {row} AS {_ROW},"
        f" CASE {tests} ELSE -1 END AS {_CASE}, {columns}"
        f" FROM {source.sql} LEFT JOIN {own.sql} ON {condition})"
        f" WHERE {_CASE} >= 0 OR {_FILE} IS NOT NULL",
    )
    _refuse_repeated(work, rows)
    count = work.session.rows(f"SELECT count(*) FROM {rows} WHERE {_CASE} >= 0")[0][0]
    if count:
        writing = [str(i) for i, clause in enumerate(found) if clause.does != "delete"]
        added = f"(SELECT * FROM {rows} WHERE {_CASE} IN ({', '.join(writing)}))"
        places = changes.places_of(rows, f"{_CASE} >= 0")
        changes.apply(work, target, added=added if writing else None, scan=scan, places=places)
    return changes.outcome(work, count)


class _Clauses:
    """Reads the WHEN clauses of a statement."""

    def __init__(self, expressions: Expressions, target: Target, *, matched: str) -> None:
        self._expressions = expressions
        self._target = target
        self._matched = matched

    def read(self, number: int, node: exp.When) -> _Clause:
        """One clause."""
        if node.args.get("source"):
            raise syntax_error("mismatched input 'BY'", position_of(node))
        matched = bool(node.args["matched"])
        condition = self._matched if matched else f"NOT ({self._matched})"
        if extra := node.args.get("condition"):
            test = self._expressions.condition(extra, "MERGE WHEN condition")
            condition = f"{condition} AND ({test})"
        then = node.args["then"]
        match then:
            case exp.Update() if matched:
                pairs = [self._pair(each) for each in then.expressions]
                return _Clause("update", condition, self._values(number, pairs, node))
            case exp.Insert() if not matched:
                return _Clause("insert", condition, self._inserted(number, then, node))
            case exp.Var() if matched and then.name.upper() == "DELETE":
                return _Clause("delete", condition, {})
        raise syntax_error(f"mismatched input '{then.key.upper()}'", position_of(node))

    @staticmethod
    def _pair(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """`column = value`."""
        if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
            raise syntax_error("mismatched input. Expecting: column = value", position_of(node))
        return node.this, node.expression

    def _inserted(self, number: int, then: exp.Insert, node: exp.When) -> dict[int, Typed]:
        if not isinstance(then.expression, exp.Tuple | exp.Paren):
            raise syntax_error("mismatched input. Expecting: VALUES", position_of(node))
        nodes = (
            then.expression.expressions
            if isinstance(then.expression, exp.Tuple)
            else [then.expression.this]
        )
        names: list[exp.Expr] = [
            exp.column(field.name, quoted=True) for field in self._target.fields
        ]
        if isinstance(then.this, exp.Tuple):
            names = then.this.expressions
        elif isinstance(then.this, exp.Paren):
            names = [then.this.this]
        if len(names) != len(nodes):
            raise self._mismatch(
                number, node, [self._place(name) for name in names],
                self._expressions.translate_all(nodes),
            )  # fmt: skip
        values = self._values(number, list(zip(names, nodes, strict=True)), node)
        places = range(len(self._target.fields))
        return {i: values.get(i) or self._target.nothing(i) for i in places}

    def _place(self, node: exp.Expr) -> int:
        if isinstance(node, exp.Column) and node.table:
            raise syntax_error("mismatched input '.'. Expecting: '='", position_of(node))
        place = self._target.place_of(node.name.lower())
        if place is None:
            message = f"Merge column name does not exist in target table: {node.name.lower()}"
            raise located("COLUMN_NOT_FOUND", message, position_of(node))
        return place

    def _values(
        self, number: int, pairs: list[tuple[exp.Expr, exp.Expr]], node: exp.When
    ) -> dict[int, Typed]:
        given: dict[int, Typed] = {}
        for name, value in pairs:
            place = self._place(name)
            if place in given:
                message = f"Merge column name is specified more than once: {name.name.lower()}"
                raise located("DUPLICATE_COLUMN_NAME", message, position_of(name))
            given[place] = self._expressions.translate(value)
        values = list(given.values())
        if not coerce_all(values, [self._target.types[place] for place in given]):
            raise self._mismatch(number, node, list(given), values)
        return given

    def _mismatch(
        self, number: int, node: exp.When, places: list[int], values: list[Typed]
    ) -> QueryError:
        message = (
            f"MERGE table column types don't match for MERGE case {number}, SET expressions:"
            f" Table: [{names_of([self._target.types[place] for place in places])}],"
            f" Expressions: [{names_of([value.type for value in values])}]"
        )
        return located("TYPE_MISMATCH", message, position_of(node))


def _value(clauses: list[_Clause], target: Target, place: int, before: Typed) -> str:
    """What a column holds afterwards, by the clause that a row is for."""
    branches = " ".join(
        f"WHEN {i} THEN {target.assigned(place, clause.values.get(place, before))}"
        for i, clause in enumerate(clauses)
        if clause.does != "delete"
    )
    nothing = target.nothing(place).sql
    return f"CASE {_CASE} {branches} ELSE {nothing} END" if branches else nothing


def _refuse_repeated(work: Work, rows: str) -> None:
    """QueryError when two rows of the source are for one row of the table.

    Those that fall to no clause count, as in Trino, when both do.
    """
    repeated = work.session.rows(
        f"SELECT 1 FROM {rows} WHERE {_FILE} IS NOT NULL GROUP BY {_FILE}, {_ROW}"
        f" HAVING count(*) FILTER ({_CASE} >= 0) > 1 OR count(*) FILTER ({_CASE} < 0) > 1 LIMIT 1"
    )
    if repeated:
        raise QueryError(
            "MERGE_TARGET_ROW_MULTIPLE_MATCHES",
            "One MERGE target table row matched more than one source row",
            error_type=ErrorType.USER,
        )
