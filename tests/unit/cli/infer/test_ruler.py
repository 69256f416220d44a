"""Where columns of fixed width begin: as a person says, or as the bytes suggest."""

from __future__ import annotations

import pytest

from infra.cli.infer.ruler import Field, drawn, propose_fields, read_ruler
from infra.cli.steps import Failed


@pytest.mark.parametrize(
    "text",
    ["2,8,3", "2, 8, 3", "2 8 3", "| |       |", "^ ^       ^", "|1|     2 |  "],
)
def test_widths_and_marks_say_the_same(text: str) -> None:
    assert read_ruler(text, record_length=13) == [Field(1, 2), Field(3, 8), Field(11, 3)]


def test_names_may_stand_before_widths() -> None:
    assert read_ruler("kind:2,day:8", record_length=20) == [
        Field(1, 2, "kind"),
        Field(3, 8, "day"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2,x", "'x' should be a width, or a name and a width"),
        ("2,0", "'0' should be a width"),
        ("10,11", "ends at byte 21, outside of the record's 20 bytes"),
        ("|" + " " * 20 + "|", "outside of the record's 20 bytes"),
    ],
)
def test_a_wrong_ruler_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Failed, match=problem):
        read_ruler(text, record_length=20)


def test_columns_are_proposed_where_digits_texts_padding_and_dates_change() -> None:
    records = [
        "0120240102ANA  LIMA   0000012345000000150R$",
        "0120240103JOSE PEREIRA0000000005000099990R$",
        "0119991231BO   SA     0000099999000000001R$",
    ]
    assert propose_fields(records) == [
        Field(1, 2),
        Field(3, 8),
        Field(11, 5),
        Field(16, 7),
        Field(23, 10),
        Field(33, 9),
        Field(42, 2),
    ]


def test_a_proposal_is_drawn_as_a_ruler_that_gives_it_again() -> None:
    fields = [Field(1, 2), Field(3, 8), Field(11, 3)]
    line = drawn(fields, record_length=13)
    assert line == "| |       |"
    assert read_ruler(line, record_length=13) == fields
