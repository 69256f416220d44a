"""What `checks` may declare, and what is refused: with the key, the reason and the shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake.dataset import DataSet, DataSetError, load_data_set

SALES = """
description: Sales
owner: tests
schedule: null
layout: {format: delimited}
columns:
  - {name: id, type: bigint, description: Number}
  - {name: day, type: date, description: Day}
  - {name: channel, type: string, nullable: true, description: Where}
  - {name: quantity, type: int, description: How many}
keys: [id]
"""


def load(tmp_path: Path, checks: str, partitions: str = "[day]") -> DataSet:
    path = tmp_path / "shop" / "sales.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{SALES}partitions: {partitions}\nchecks:\n  {checks}\n")
    return load_data_set(path)


def refused(tmp_path: Path, checks: str, partitions: str = "[day]") -> str:
    with pytest.raises(DataSetError) as error:
        load(tmp_path, checks, partitions)
    return str(error.value)


def test_a_check_is_called_by_what_it_is_about_unless_it_has_a_name(tmp_path: Path) -> None:
    data_set = load(
        tmp_path,
        """
  nulls: [{column: channel}]
  unique: [{}, {columns: [day, id], name: by day}]
  references: [{columns: [id, day], table: other}]
  conditions: [{sql: quantity > 0}]
  totals: [{table: other}]
  anomalies: [{of: rows}, {of: nulls, column: channel}, {of: share, condition: quantity > 1}]
  source: {}
  schema_drift: {}
""",
    )
    assert [(kind, check.title) for kind, check in data_set.checks.declared] == [
        ("nulls", "nulls(channel)"),
        ("unique", "unique(keys)"),
        ("unique", "by day"),
        ("references", "references(id, day)"),
        ("conditions", "condition(quantity > 0)"),
        ("totals", "total(rows of other)"),
        ("anomalies", "anomaly(rows)"),
        ("anomalies", "anomaly(nulls channel)"),
        ("anomalies", "anomaly(share quantity > 1)"),
        ("source", "source"),
        ("schema_drift", "schema_drift"),
    ]


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ("nulls: [{colum: channel}]", "checks.nulls[0].colum: unknown key; did you mean `column`?"),
        ("nulls: [{}]", "checks.nulls[0].column: missing; expected for example `column: quantity`"),
        ("nulls: [{column: chanel}]",
         "checks.nulls[0]: 'chanel' is not a column; the columns are id, day, channel, quantity"),
        ("nulls: [{column: id}, {column: id}]",
         "checks.nulls[1].name: 'nulls(id)' is the name of another check too"),
        ("nulls: [{column: id, allowed: 1.5}]", "checks.nulls[0].allowed: Input should be less"),
        ("nulls: [{column: id, warn_above: 0.1}]",
         "checks.nulls[0].warn_above: should be less than `allowed`, of a check with `severity: "
         "fail`; expected for example `{allowed: 0.05, warn_above: 0.01}`"),
        ("nulls: [{column: id, severity: error}]", "checks.nulls[0].severity: Input should be"),
        ("ranges: [{column: quantity}]",
         "checks.ranges[0]: has neither an `at_least` nor an `at_most`"),
        ("ranges: [{column: quantity, at_least: 1.5}]",
         "checks.ranges[0]: 1.5 is no value of a int, which quantity is"),
        ("ranges: [{column: channel, at_least: 1}]", "checks.ranges[0]: channel is a string; only"),
        ("accepted_values: [{column: day, values: [2024-01-01, x]}]",
         "checks.accepted_values[0].values: 'x' is no value of a date, which day is"),
        ("patterns: [{column: quantity, matches: a}]",
         "checks.patterns[0].column: is a int; only texts have a pattern"),
        ("references: [{columns: [id], table: t, to: [a, b]}]",
         "checks.references[0].to: has 2 columns for 1"),
        ("row_counts: [{}]", "checks.row_counts[0]: has no limit"),
        ("row_counts: [{at_least: 5, warn_below: 2}]", "should be in the order at_least, warn_be"),
        ("freshness: [{column: channel, max_age_hours: 1}]",
         "checks.freshness[0].column: is a string, not a date or a timestamp"),
        ("totals: [{table: t, over: days}]", "checks.totals[0].to_day: missing; days are compared"),
        ("totals: [{table: t, column: channel}]",
         "checks.totals[0].column: is a string, not a number"),
        ("anomalies: [{of: mean}]", "checks.anomalies[0].column: mean is of a column"),
        ("anomalies: [{of: rows, column: id}]", "rows is of the rows, not of a column"),
        ("anomalies: [{of: share}]", "checks.anomalies[0].condition: belongs to `of: share`"),
        ("anomalies: [{of: rows, history: 9}]", "history: is more than the 8 weeks looked at"),
        ("conditions: [{sql: 'id > 1; drop'}]", "should be one condition in SQL, without ;"),
        ("conditions: [{sql: 'id > 1) or (true'}]", "a condition in SQL whose parentheses match"),
        ("conditions: [{sql: id -- x}]", "should be one condition in SQL, without --"),
        ("nulls: [{column: id, where: \"channel = 'a\"}]", "has a ' that is not closed"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, checks: str, message: str) -> None:
    assert message in refused(tmp_path, checks)


def test_without_a_day_there_are_no_days(tmp_path: Path) -> None:
    said = refused(tmp_path, "nulls: [{column: id, over: days}]", partitions="[]")
    assert "checks.nulls[0].over: the table has no day; expected for example `over: table`" in said


@pytest.mark.parametrize(
    "pattern",
    ["[A-Z]{2}", "a|b", "(ab)+c?", "[^a-z-]*", "x{1,3}", "[.]", "é.", "[a-zA-Z0-9_.&-]+", "a{2,}"],
)
def test_a_pattern_that_every_engine_reads_alike_is_taken(tmp_path: Path, pattern: str) -> None:
    assert load(tmp_path, f"patterns: [{{column: channel, matches: '{pattern}'}}]")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"\d+", "has a backslash: write [.] for a point, [0-9] for a digit"),
        ("^a", "is for the whole value; ^ and $ have no place in it"),
        ("a$", "is for the whole value"),
        ("(?:a)", "has a (?, which Redshift does not know"),
        ("(?i)a", "has a (?"),
        ("a*?", "has a ? behind nothing that it repeats, or behind another"),
        ("a++", "has a + behind nothing"),
        ("a{2}{3}", "has a {3} behind nothing"),
        ("|*", "has a * behind nothing"),
        ("[[:alpha:]]", "has a [ that not every engine reads alike"),
        ("[a&&b]", "has a [ that not every engine reads alike"),
        ("a{,3}", "has a { that not every engine reads alike"),
        ("[]a]", "has a [ that"),
        ("(a", "has parentheses that do not match"),
        ("a)", "has parentheses that do not match"),
        ("[z-a]", "should be a regular expression: bad character range"),
    ],
)
def test_a_pattern_that_engines_read_differently_is_refused(
    tmp_path: Path, pattern: str, message: str
) -> None:
    assert message in refused(tmp_path, f"patterns: [{{column: channel, matches: '{pattern}'}}]")


def test_the_day_is_the_date_among_the_partitions(tmp_path: Path) -> None:
    assert load(tmp_path, "source: {}").day_column == "day"
    assert load(tmp_path, "source: {}", partitions="[]").day_column is None
