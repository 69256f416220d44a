"""The type of a column is the narrowest that loses nothing; unsure is a string."""

from __future__ import annotations

import pytest

from infra.cli.infer.numbers import NumberStyle, fitting_styles
from infra.cli.infer.values import guess_column

POINT, COMMA = NumberStyle(), NumberStyle(",")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3000"], "int"),
        (["0"], "int"),
        (["21474837"], "bigint"),
        (["999999999999999999"], "bigint"),
        (["9999999999999999999"], "string"),
        (["12.5", "1.25"], "decimal(7,2)"),
        (["1234567890123456.78"], "decimal(18,2)"),
        (["12345678901234567.89"], "string"),
        (["0.1234567"], "double"),
        (["1e5", "2.5"], "double"),
        (["true", "false"], "boolean"),
        (["true"], "boolean"),
        (["Y", "N"], "boolean"),
        (["Y"], "string"),
        (["007", "12"], "string"),
        (["1,5"], "string"),
        (["12 May"], "string"),
        (["1", "x"], "string"),
        ([""], "string"),
    ],
)
def test_types(values: list[str], kind: str) -> None:
    assert guess_column(values, style=POINT).type == kind


def test_a_decimal_comma_with_thousands() -> None:
    style = NumberStyle(",", ".")
    guess = guess_column(["1.234,50", "2,00", "12345,1"], style=style)
    assert guess.type == "decimal(10,2)"


@pytest.mark.parametrize(
    ("values", "styles"),
    [
        (["1.5"], 1),
        (["0.123"], 1),
        (["1.234"], 2),
        (["1.234,5"], 1),
        (["1,234,567.5"], 1),
    ],
)
def test_a_number_may_fit_several_styles(values: list[str], styles: int) -> None:
    points = {style.point for style in fitting_styles(values)}
    assert len(points) == styles


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (["1", "", "2"], ()),
        (["1", "NULL", "2"], ("NULL",)),
        (["12.5", "-9999", "3.0", "-9999"], ("-9999",)),
        (["2024-01-02", "0000-00-00"], ("0000-00-00",)),
    ],
)
def test_missing_values_make_a_column_nullable(values: list[str], missing: tuple[str, ...]) -> None:
    guess = guess_column(values, style=POINT)
    assert (guess.missing, guess.nullable) == (missing, True)
    assert guess.type != "string"


@pytest.mark.parametrize("values", [["-9999", "5", "7"], ["-9999", "-9999", "-99999"]])
def test_a_large_negative_number_that_is_not_repeated_or_not_the_least_is_a_number(
    values: list[str],
) -> None:
    assert guess_column(values, style=POINT).missing == ()


def test_what_was_seen_is_counted() -> None:
    guess = guess_column(["2024-01-02"] * 1200 + [""] * 34, style=POINT)
    assert guess.seen == ("1,200 of 1,234 values are YYYY-MM-DD; 34 are empty",)


def test_dates_with_two_readings_stay_texts_and_both_are_said() -> None:
    guess = guess_column(["01/02/2024", "03/04/2024"], style=POINT)
    assert guess.type == "string"
    assert "DD/MM/YYYY (day first) or MM/DD/YYYY (month first)" in " ".join(guess.seen)
