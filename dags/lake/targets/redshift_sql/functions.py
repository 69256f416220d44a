"""Athena's functions in Redshift: templates where the meaning is the same, else a rule.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from lake.targets.redshift_sql.grammar import redshift_expression
from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift

SAME = frozenset(
    [
        "abs", "bool_and", "bool_or", "cbrt", "ceil", "ceiling", "chr", "coalesce", "count",
        "cume_dist", "degrees", "dense_rank", "exp", "first_value", "floor", "lag", "last_value",
        "lead", "length", "listagg", "ln", "lower", "lpad", "max", "min", "mod", "nth_value",
        "ntile", "nullif", "percent_rank", "pi", "power", "radians", "rank", "replace", "reverse",
        "round", "row_number", "rpad", "sign", "sqrt", "stddev", "stddev_pop", "stddev_samp",
        "strpos", "sum", "translate", "upper", "var_pop", "var_samp", "variance",
    ]
)  # fmt: skip
"""Functions that have one name and one meaning in both."""

_SPACE = "' ' || CHR(9) || CHR(10) || CHR(11) || CHR(12) || CHR(13)"
_TEMPLATES = {
    "any_value": "ANY_VALUE(:p0)",
    "arbitrary": "ANY_VALUE(:p0)",
    "codepoint": "ASCII(:p0)",
    "count_if": "COUNT(CASE WHEN :p0 THEN 1 END)",
    "date": "CAST(:p0 AS DATE)",
    "day": "EXTRACT(day FROM :p0)",
    "day_of_month": "EXTRACT(day FROM :p0)",
    # Monday is 1 and Sunday 7, where Redshift has Sunday for 0.
    "day_of_week": "((EXTRACT(dow FROM :p0) + 6) % 7 + 1)",
    "dow": "((EXTRACT(dow FROM :p0) + 6) % 7 + 1)",
    "day_of_year": "EXTRACT(doy FROM :p0)",
    "doy": "EXTRACT(doy FROM :p0)",
    "every": "BOOL_AND(:p0)",
    "from_unixtime": (
        "DATEADD(millisecond, CAST(ROUND(:p0 * 1000) AS BIGINT),"
        " CAST('1970-01-01 00:00:00' AS TIMESTAMP))"
    ),
    "hour": "EXTRACT(hour FROM :p0)",
    "ltrim": f"LTRIM(:p0, {_SPACE})",
    "minute": "EXTRACT(minute FROM :p0)",
    "month": "EXTRACT(month FROM :p0)",
    "now": "SYSDATE",
    "pow": "POWER(:p0, :p1)",
    "quarter": "EXTRACT(quarter FROM :p0)",
    "rtrim": f"RTRIM(:p0, {_SPACE})",
    "second": "EXTRACT(second FROM :p0)",
    "starts_with": "(LEFT(:p0, LEN(:p1)) = :p1)",
    "to_unixtime": (
        "(CAST(DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), :p0)"
        " AS DOUBLE PRECISION) / 1000000)"
    ),
    "trim": f"BTRIM(:p0, {_SPACE})",
    "truncate": "TRUNC(:p0)",
    "week": "EXTRACT(week FROM :p0)",
    "week_of_year": "EXTRACT(week FROM :p0)",
    "year": "EXTRACT(year FROM :p0)",
}
_ARGUMENTS = {"pow": 2, "starts_with": 2, "now": 0}

_MICROSECONDS = {
    "millisecond": 1000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_UNITS = (*_MICROSECONDS, "month", "quarter", "year")
_DATE_FORMAT = {
    "Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "H": "HH24", "i": "MI", "s": "SS", "f": "US",
    "j": "DDD",
}  # fmt: skip
_INSTEAD = {
    "max_by": "take the row with row_number() over (partition by … order by … desc) = 1",
    "min_by": "take the row with row_number() over (partition by … order by …) = 1",
}
_TWO, _THREE = 2, 3


def translate_call(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    """The call of a function of Athena in Redshift's SQL.

    Raises:
        UnsupportedByRedshift: there is no rule for it.
    """
    if name in _RULES:
        return _RULES[name](arguments)
    if name in _TEMPLATES:
        _expect(name, arguments, _ARGUMENTS.get(name, 1))
        return redshift_expression(_TEMPLATES[name], *arguments)
    if name in SAME:
        return exp.Anonymous(this=name.upper(), expressions=arguments)
    raise UnsupportedByRedshift(f"function {name}", _INSTEAD.get(name, ""))


def _expect(name: str, arguments: list[exp.Expr], *counts: int) -> None:
    if len(arguments) not in counts:
        raise UnsupportedByRedshift(f"function {name} of {len(arguments)} arguments")


def _literal(name: str, node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal):
        raise UnsupportedByRedshift(f"function {name} with an argument that is no literal")
    return node.name


def _is_date(node: exp.Expr) -> bool:
    """Whether the text alone says that it is a date: a literal or a cast."""
    inner = node.unnest()
    return isinstance(inner, exp.CurrentDate) or (
        isinstance(inner, exp.Cast) and inner.to.this is exp.DType.DATE
    )


def as_before(result: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """Redshift makes a timestamp of a date that it moves or cuts; Athena keeps the date."""
    return exp.cast(result, "DATE") if _is_date(moment) else result


def _unit(name: str, node: exp.Expr) -> str:
    unit = _literal(name, node).lower()
    if unit not in _UNITS:
        raise UnsupportedByRedshift(f"{name} of a {unit}")
    return unit


def _date_add(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("date_add", arguments, _THREE)
    unit = _unit("date_add", arguments[0])
    moved = redshift_expression(f"DATEADD({unit}, :p0, :p1)", arguments[1], arguments[2])
    return as_before(moved, arguments[2])


def _date_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """Whole units that have passed, where Redshift's DATEDIFF counts boundaries."""
    _expect("date_diff", arguments, _THREE)
    unit, start, end = _unit("date_diff", arguments[0]), *arguments[1:]
    if unit == "day" and _is_date(start) and _is_date(end):
        return redshift_expression("DATEDIFF(day, :p0, :p1)", start, end)
    if unit not in _MICROSECONDS:
        instead = "DATEDIFF counts boundaries there; compute it of year() and month()"
        raise UnsupportedByRedshift(f"date_diff of whole {unit}s", instead)
    template = f"(DATEDIFF(microsecond, :p0, :p1) / {_MICROSECONDS[unit]})"
    return redshift_expression(template, start, end)


def _date_trunc(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("date_trunc", arguments, _TWO)
    unit = _unit("date_trunc", arguments[0])
    return as_before(redshift_expression(f"DATE_TRUNC('{unit}', :p0)", arguments[1]), arguments[1])


def _date_format(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("date_format", arguments, _TWO)
    pattern, result, letters = _literal("date_format", arguments[1]), "", False
    for letter in pattern:
        if letters:
            if letter not in _DATE_FORMAT:
                raise UnsupportedByRedshift(f"date_format with %{letter}")
            result, letters = result + _DATE_FORMAT[letter], False
        elif letter == "%":
            letters = True
        else:
            result += f'"{letter}"' if letter.isalpha() else letter
    return redshift_expression("TO_CHAR(:p0, :p1)", arguments[0], exp.Literal.string(result))


def _average(arguments: list[exp.Expr]) -> exp.Expr:
    """Of integers Redshift gives an integer, Athena a double."""
    _expect("avg", arguments, 1)
    value = arguments[0]
    if isinstance(value, exp.Cast) and value.to.this is exp.DType.DECIMAL:
        return exp.Anonymous(this="AVG", expressions=[value])
    if isinstance(value, exp.Distinct):
        raise UnsupportedByRedshift("avg(DISTINCT …) of what may be integers", "cast it first")
    return redshift_expression("AVG(CAST(:p0 AS DOUBLE PRECISION))", value)


def _approx_distinct(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("approx_distinct", arguments, 1)
    return exp.ApproxDistinct(this=arguments[0])


def _concatenated(arguments: list[exp.Expr]) -> exp.Expr:
    result, *rest = (
        exp.paren(each) if isinstance(each, exp.Binary) else each for each in arguments
    )
    for each in rest:
        result = exp.DPipe(this=result, expression=each)
    return exp.paren(result)


def _extreme(name: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    """NULL as soon as one argument is, where Redshift passes over it."""

    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        marks = [f":p{i}" for i in range(len(arguments))]
        nulls = " OR ".join(f"{mark} IS NULL" for mark in marks)
        call = f"{name.upper()}({', '.join(marks)})"
        return redshift_expression(f"CASE WHEN {nulls} THEN NULL ELSE {call} END", *arguments)

    return rule


def _if(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("if", arguments, _TWO, _THREE)
    otherwise = " ELSE :p2" if len(arguments) == _THREE else ""
    return redshift_expression(f"CASE WHEN :p0 THEN :p1{otherwise} END", *arguments)


def _substring(arguments: list[exp.Expr]) -> exp.Expr:
    """A start that counts from the end is Athena's alone."""
    _expect("substr", arguments, _TWO, _THREE)
    if not isinstance(arguments[1], exp.Literal) or arguments[1].name in ("0", ""):
        raise UnsupportedByRedshift("substr from a start that is no positive number")
    return exp.Anonymous(this="SUBSTRING", expressions=arguments)


def _regexp_like(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("regexp_like", arguments, _TWO)
    return redshift_expression("(:p0 ~ :p1)", *arguments)


def _regexp_extract(arguments: list[exp.Expr]) -> exp.Expr:
    """NULL without a match, where Redshift has an empty text."""
    if len(arguments) != _TWO:
        raise UnsupportedByRedshift("regexp_extract of a group")
    template = "CASE WHEN :p0 ~ :p1 THEN REGEXP_SUBSTR(:p0, :p1) END"
    return redshift_expression(template, *arguments)


def _regexp_replace(arguments: list[exp.Expr]) -> exp.Expr:
    _expect("regexp_replace", arguments, _TWO, _THREE)
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=arguments)


_DIGESTS = {"md5": "MD5(:p0)", "sha256": "SHA2(:p0, 256)", "sha1": "SHA1(:p0)"}


def digest(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """`to_hex(md5(to_utf8(x)))`: the template of a text of lower case, and x; None for others."""
    names = []
    for _ in range(_THREE):
        if not isinstance(node, exp.Anonymous) or len(node.expressions) != 1:
            return None
        names.append(node.name.lower())
        node = node.expressions[0]
    if names[0] != "to_hex" or names[1] not in _DIGESTS or names[2] != "to_utf8":
        return None
    return _DIGESTS[names[1]], node


_RULES: dict[str, Callable[[list[exp.Expr]], exp.Expr]] = {
    "approx_distinct": _approx_distinct,
    "avg": _average,
    "concat": _concatenated,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_format": _date_format,
    "date_trunc": _date_trunc,
    "greatest": _extreme("greatest"),
    "if": _if,
    "least": _extreme("least"),
    "regexp_extract": _regexp_extract,
    "regexp_like": _regexp_like,
    "regexp_replace": _regexp_replace,
    "substr": _substring,
    "substring": _substring,
}
