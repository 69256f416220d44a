"""Redshift's expressions: which there are, and what each means to the analysis of Athena's queries.

Where Redshift and Trino agree the rule is Athena's own.
"""

from __future__ import annotations

from sqlglot import exp

from infra.local.athena.session import quote_text
from infra.local.athena.sql import literals
from infra.local.athena.sql.expressions import RULES, Expressions
from infra.local.athena.sql.language import Language
from infra.local.athena.sql.parser import position_of
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import UNKNOWN
from infra.local.redshift.engine.language import (
    aggregates,
    date_functions,
    operators,
    text_functions,
)
from infra.local.redshift.engine.language.casts import cast
from infra.local.redshift.engine.language.functions import REDSHIFT, UNSUPPORTED
from infra.local.redshift.engine.types import type_of

_REFUSED = (
    exp.Array, exp.Bracket, exp.Dot, exp.Filter, exp.GroupConcat, exp.HexString, exp.Tuple, exp.If,
)  # fmt: skip
"""Expressions of Athena that Redshift lacks, or that this engine has no rule for."""


def _literal(_: Expressions, node: exp.Literal) -> Typed:
    """A number; or a text in quotes, which takes the type of its place."""
    if node.is_string:
        return Typed(quote_text(node.name), UNKNOWN, node.name)
    return literals.number(node.name)


def _cast(expressions: Expressions, node: exp.Cast) -> Typed:
    value, to = expressions.translate(node.this), type_of(node.to)
    return cast(value, to, safe=isinstance(node, exp.TryCast), position=position_of(node))


REDSHIFT_LANGUAGE = Language(
    rules={
        **{node: rule for node, rule in RULES.items() if node not in _REFUSED},
        exp.Literal: _literal,
        exp.Cast: _cast,
        exp.TryCast: _cast,
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), operators.calculate),
        exp.DPipe: operators.concatenate,
        exp.Like: operators.like,
        exp.ILike: operators.like,
        exp.Escape: operators.escaped,
        exp.RegexpLike: operators.matches,
        exp.RegexpILike: operators.matches,
        exp.Is: operators.is_,
        exp.Extract: date_functions.extracted,
        exp.Substring: text_functions.substring,
        exp.WithinGroup: aggregates.within_group,
        exp.Window: aggregates.window,
    },
    functions=REDSHIFT,
    unsupported=UNSUPPORTED,
)
