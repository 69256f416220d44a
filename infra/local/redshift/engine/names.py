"""A query's tree made ready: its columns named as Redshift names them, what is constant put in."""

from __future__ import annotations

from sqlglot import exp

from infra.local.redshift.engine.errors import unsupported
from infra.local.redshift.engine.grammar import APPROXIMATE
from infra.local.redshift.engine.types import name_of, type_of

_UNNAMED = "?column?"
_REFUSED: dict[type[exp.Expr], str] = {
    exp.Qualify: "QUALIFY",
    exp.Into: "SELECT INTO",
    exp.Pivot: "PIVOT and UNPIVOT",
    exp.Connect: "CONNECT BY",
}


def prepared(tree: exp.Expr, *, user: str, database: str) -> exp.Expr:
    """The tree with a name for each column, and without names of the session.

    Raises:
        RedshiftError: a clause that this engine does not have.
    """
    for kind, name in _REFUSED.items():
        if tree.find(kind):
            raise unsupported(name)
    for select in tree.find_all(exp.Select):
        for each in list(select.expressions):
            if not isinstance(each, exp.Alias | exp.Column | exp.Star):
                each.replace(exp.alias_(each.copy(), name_for(each), quoted=True))
    constants = {
        "current_user": user,
        "session_user": user,
        "current_database": database,
        "current_schema": "public",
        "version": "PostgreSQL 8.0.2, Redshift (embedded)",
    }
    for node in list(tree.find_all(exp.CurrentUser, exp.SessionUser, exp.CurrentSchema)):
        node.replace(exp.Literal.string("public" if node.key == "currentschema" else user))
    for node in list(tree.find_all(exp.Anonymous)):
        if node.name.lower() in constants and not node.expressions:
            node.replace(exp.Literal.string(constants[node.name.lower()]))
    return tree


def name_for(node: exp.Expr) -> str:
    """The name of a column that has none: the function's, the type's, or `?column?`."""
    match node:
        case exp.Anonymous():
            return node.name.lower().removeprefix(APPROXIMATE)
        case exp.Column():
            return node.name.lower()
        case exp.Window() | exp.WithinGroup() | exp.Paren() | exp.IgnoreNulls():
            return name_for(node.this)
        case exp.Case():
            return "case"
        case exp.Cast():
            inner = name_for(node.this)
            return name_of(type_of(node.to)).short if inner == _UNNAMED else inner
        case exp.Extract():
            return "date_part"
        case exp.CurrentDate():
            return "date"
        case exp.Trim():
            return "btrim"
        case exp.CurrentUser() | exp.SessionUser():
            return "current_user"
        case exp.Boolean():
            return "bool"
    return _UNNAMED
