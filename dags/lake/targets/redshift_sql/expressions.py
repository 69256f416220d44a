"""Expressions of Athena in Redshift's SQL, from the inside out."""

from __future__ import annotations

from sqlglot import exp

from lake.targets.redshift_sql.functions import as_before, digest, translate_call
from lake.targets.redshift_sql.grammar import redshift_expression
from lake.targets.redshift_sql.types import translate_type
from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift

_REFUSED: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Array: ("arrays", ""),
    exp.Bracket: ("subscripts of arrays and maps", ""),
    exp.Lambda: ("lambdas", ""),
    exp.Unnest: ("UNNEST", ""),
    exp.Lateral: ("LATERAL joins", ""),
    exp.TableSample: ("TABLESAMPLE", ""),
    exp.Version: ("FOR TIMESTAMP or FOR VERSION AS OF", ""),
    exp.AtTimeZone: ("AT TIME ZONE with Athena's meaning", ""),
    exp.Any: ("comparison with ANY", ""),
    exp.All: ("comparison with ALL", ""),
    exp.MatchRecognize: ("MATCH_RECOGNIZE", ""),
    exp.HexString: ("binary literals", ""),
    exp.JSONExtract: ("functions of JSON as Athena has them", ""),
}
_AGGREGATES_WITH_FRAMES = frozenset(
    ["avg", "count", "sum", "min", "max", "first_value", "last_value", "nth_value"]
)
_PLACES_OF_TUPLES = (exp.In, exp.Values, exp.Insert, exp.GroupingSets, exp.Cube, exp.Rollup)
_FILTERED = frozenset(["avg", "count", "sum", "min", "max", "count_if", "bool_or", "bool_and"])


def refuse_foreign(tree: exp.Expr) -> None:
    """UnsupportedByRedshift for what has no place in Redshift, by name."""
    for kind, (name, instead) in _REFUSED.items():
        if tree.find(kind):
            raise UnsupportedByRedshift(name, instead)
    for with_ in tree.find_all(exp.With):
        if with_.args.get("recursive"):
            raise UnsupportedByRedshift("WITH RECURSIVE as Athena has it")
    for identifier in tree.find_all(exp.Identifier):
        if "$" in identifier.name:
            raise UnsupportedByRedshift(f'hidden column or table "{identifier.name}"')
    for operation in tree.find_all(exp.Except, exp.Intersect):
        if not operation.args.get("distinct"):
            raise UnsupportedByRedshift(f"{operation.key.upper()} ALL")


def translate(node: exp.Expr) -> exp.Expr:
    """An expression and all in it."""
    match node:
        case exp.Anonymous() if node.name.lower() in ("lower", "to_hex"):
            if (found := _digest(node)) is not None:
                return found
        case exp.Filter():
            return _filtered(node)
        case exp.Tuple() if not isinstance(node.parent, _PLACES_OF_TUPLES):
            raise UnsupportedByRedshift("rows as values")
    for name, value in list(node.args.items()):
        if isinstance(value, list):
            node.set(name, [translate(v) if isinstance(v, exp.Expr) else v for v in value])
        elif isinstance(value, exp.Expr):
            node.set(name, translate(value))
    return _translated(node)


def _digest(node: exp.Anonymous) -> exp.Expr | None:
    """A digest as text: of lower case in Redshift, of upper case from Athena's to_hex."""
    lowered = node.name.lower() == "lower"
    found = digest(node.expressions[0] if lowered and node.expressions else node)
    if found is None:
        return None
    template, text = found
    return redshift_expression(template if lowered else f"UPPER({template})", translate(text))


def _translated(node: exp.Expr) -> exp.Expr:  # noqa: PLR0911 - a kind of node has one rule
    """One node, what is in it translated already."""
    match node:
        case exp.Anonymous():
            return translate_call(node.name.lower(), node.expressions)
        case exp.Cast():
            return _cast(node)
        case exp.NullSafeEQ() | exp.NullSafeNEQ():
            return _distinct_from(node)
        case exp.Extract():
            return translate_call(_field(node), [node.expression])
        case exp.Trim():
            return _trim(node)
        case exp.CurrentTimestamp() | exp.Localtimestamp():
            return redshift_expression("SYSDATE")
        case exp.Like():
            return _like(node)
        case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
            return as_before(node, node.left)
        case exp.Window():
            _check_window(node)
    return node


def _cast(node: exp.Cast) -> exp.Expr:
    to, cut = translate_type(node.to)
    cast = type(node)(this=node.this, to=to)
    return cast if cut is None else redshift_expression(f"LEFT(:p0, {cut})", cast)


def _distinct_from(node: exp.Binary) -> exp.Expr:
    """IS DISTINCT FROM, which is true or false and never NULL."""
    equal, other = ("TRUE", "FALSE") if isinstance(node, exp.NullSafeEQ) else ("FALSE", "TRUE")
    test = "=" if isinstance(node, exp.NullSafeEQ) else "<>"
    return redshift_expression(
        f"CASE WHEN :p0 IS NULL AND :p1 IS NULL THEN {equal}"
        f" WHEN :p0 IS NULL OR :p1 IS NULL THEN {other} ELSE :p0 {test} :p1 END",
        node.left,
        node.right,
    )


def _field(node: exp.Extract) -> str:
    name: str = node.this.name.lower()
    if name in ("yow", "year_of_week", "timezone_hour", "timezone_minute"):
        raise UnsupportedByRedshift(f"EXTRACT({name.upper()} FROM …)")
    return name


def _trim(node: exp.Trim) -> exp.Expr:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.args.get("position") or "", "trim")
    if node.expression is None:
        return translate_call(name, [node.this])
    return exp.Anonymous(
        this={"trim": "BTRIM"}.get(name, name.upper()), expressions=[node.this, node.expression]
    )


def _like(node: exp.Like) -> exp.Expr:
    """A backslash escapes in Redshift, and is a letter in Athena."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape) or not isinstance(pattern, exp.Literal):
        return node
    node.set("expression", exp.Literal.string(pattern.name.replace("\\", "\\\\")))
    return node


def _filtered(node: exp.Filter) -> exp.Expr:
    """`sum(x) FILTER (WHERE c)` as `sum(CASE WHEN c THEN x END)`."""
    call, condition = node.this, node.expression.this
    if not isinstance(call, exp.Anonymous) or call.name.lower() not in _FILTERED:
        raise UnsupportedByRedshift(f"FILTER behind {call.sql()}")
    (value,) = call.expressions or [exp.Star()]
    distinct = isinstance(value, exp.Distinct)
    inner = value.expressions[0] if distinct else value
    inner = exp.Literal.number(1) if isinstance(inner, exp.Star) else inner
    chosen: exp.Expr = exp.Case(ifs=[exp.If(this=condition.copy(), true=inner.copy())])
    if distinct:
        chosen = exp.Distinct(expressions=[chosen])
    return translate(exp.Anonymous(this=call.this, expressions=[chosen]))


def _check_window(node: exp.Window) -> None:
    inner = node.this.this if isinstance(node.this, exp.IgnoreNulls) else node.this
    name = inner.name.lower() if isinstance(inner, exp.Anonymous) else ""
    spec = node.args.get("spec")
    if isinstance(inner, exp.ApproxDistinct | exp.Case):
        raise UnsupportedByRedshift(f"window function {inner.key}")
    if spec is not None and (spec.args.get("kind") or "").upper() != "ROWS":
        raise UnsupportedByRedshift("window frame other than ROWS")
    if name in _AGGREGATES_WITH_FRAMES and node.args.get("order") and spec is None:
        raise UnsupportedByRedshift(
            f"{name} OVER (… ORDER BY …) without a frame", "write ROWS BETWEEN …"
        )
