"""Decimals, against Python's, and doubles as Java writes them, on any value."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from infra.local.athena.session import Session
from infra.local.athena.sql.text import text_of
from infra.local.athena.types import DOUBLE

from .conftest import translate

DECIMALS = st.integers(-(10**12), 10**12).flatmap(
    lambda digits: st.integers(0, 6).map(lambda scale: Decimal(digits).scaleb(-scale))
)
few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _value(session: Session, expression: str) -> str:
    query = translate(f"SELECT {expression}")
    value = query.columns[0].value
    text: str = session.rows(f"SELECT {text_of(value.sql, value.type)} FROM ({query.sql})")[0][0]
    return text


def _literal(value: Decimal) -> str:
    return f"DECIMAL '{value:f}'"


@few
@given(left=DECIMALS, right=DECIMALS)
def test_a_quotient_of_decimals_is_rounded_half_up_to_the_larger_scale(
    session: Session, left: Decimal, right: Decimal
) -> None:
    assume(right != 0)
    scale = max(-int(left.as_tuple().exponent), -int(right.as_tuple().exponent))
    expected = (left / right).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    assume(len(expected.as_tuple().digits) <= 18)
    assert Decimal(_value(session, f"{_literal(left)} / {_literal(right)}")) == expected


@few
@given(left=DECIMALS, right=DECIMALS)
def test_sums_differences_and_products_of_decimals_are_exact(
    session: Session, left: Decimal, right: Decimal
) -> None:
    a, b = _literal(left), _literal(right)
    assert Decimal(_value(session, f"{a} + {b}")) == left + right
    assert Decimal(_value(session, f"{a} - {b}")) == left - right
    assert Decimal(_value(session, f"{a} * {b}")) == left * right


@few
@given(st.lists(DECIMALS.filter(lambda value: abs(value) < 10**9), min_size=1, max_size=5))
def test_a_mean_of_decimals_is_rounded_half_up(session: Session, values: list[Decimal]) -> None:
    rows = ", ".join(f"CAST({_literal(value)} AS decimal(30,6))" for value in values)
    query = translate(f"SELECT avg(x) FROM (VALUES {rows}) AS t(x)")
    found = session.rows(f"SELECT CAST(c0 AS VARCHAR) FROM ({query.sql})")[0][0]
    expected = (sum(values, Decimal(0)) / len(values)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert Decimal(found) == expected


@few
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_with_its_shortest_digits_as_in_java(
    session: Session, value: float
) -> None:
    text = session.rows(f"SELECT {text_of(f'CAST({value!r} AS DOUBLE)', DOUBLE)}")[0][0]
    assert json.loads(text.replace("E", "e")) == value
    mantissa, _, exponent = text.partition("E")
    assert "." in mantissa
    plain = 1e-3 <= abs(value) < 1e7 or value == 0
    assert bool(exponent) != plain
    if exponent:
        assert 1 <= abs(float(mantissa)) < 10
        assert not exponent.startswith("+")
