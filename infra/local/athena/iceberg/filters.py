"""What a query demands of columns, as a predicate that pyiceberg holds against bounds."""

from __future__ import annotations

from functools import reduce

from pyiceberg import expressions
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.schema import Schema

from infra.local.athena.sql import bounds

_OPERATORS: dict[str, type[expressions.LiteralPredicate]] = {
    "=": expressions.EqualTo,
    "<>": expressions.NotEqualTo,
    "<": expressions.LessThan,
    "<=": expressions.LessThanOrEqual,
    ">": expressions.GreaterThan,
    ">=": expressions.GreaterThanOrEqual,
}


def file_filter(demands: list[bounds.Demand], schema: Schema) -> BooleanExpression:
    """All demands together; columns are found in `schema` whatever their case."""
    names = {field.name.lower(): field.name for field in schema.fields}
    result: BooleanExpression = AlwaysTrue()
    for demand in demands:
        result = expressions.And(result, _expression(demand, names))
    return result


def _expression(demand: bounds.Demand, names: dict[str, str]) -> BooleanExpression:
    match demand:
        case bounds.Comparison():
            return _OPERATORS[demand.operator](names[demand.column], demand.value)
        case bounds.Membership():
            return expressions.In(term=names[demand.column], literals=demand.values)
        case bounds.NullTest(negated=False):
            return expressions.IsNull(term=names[demand.column])
        case bounds.NullTest():
            return expressions.NotNull(term=names[demand.column])
        case bounds.Prefix():
            return expressions.StartsWith(term=names[demand.column], value=demand.prefix)
        case bounds.AllOf():
            return reduce(expressions.And, (_expression(each, names) for each in demand.demands))
        case bounds.AnyOf():
            return reduce(expressions.Or, (_expression(each, names) for each in demand.demands))
