"""The results: kept once a run, read as history, and the ground of what is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lake.pipeline.athena import QueryFailed
from lake.quality.documents import CheckResult
from lake.quality.results import Results
from lake.targets import TableDefinition

from .conftest import FRIDAY, NOW, SATURDAY, Shop

CHECK = "ranges: [{column: quantity, at_most: 5}]"


def kept(shop: Shop, columns: str = "*") -> list[dict[str, str | None]]:
    return shop.rows(f"SELECT {columns} FROM quality_results ORDER BY run_id, check_name, day")


def test_a_result_is_a_row_with_its_numbers(shop: Shop) -> None:
    shop.sell({}, {"quantity": 6}, {"coupon": "it's"})

    shop.report("ranges: [{column: quantity, at_most: 5, severity: warn}]")

    [row] = kept(shop)
    query = row.pop("query") or ""
    assert row == {
        "table_name": "sales",
        "check_name": "range(quantity)",
        "kind": "ranges",
        "severity": "warn",
        "status": "warn",
        "day": "2024-03-01",
        "measured": "0.3333333333333333",
        "threshold": "at most 0",
        "rows_checked": "3",
        "failing_rows": "1",
        "sample": '[{"id": "2", "quantity": "6", "day": "2024-03-01"}]',
        "message": "1 of 3 rows (33.33%) fail it",
        "run_id": "run-1",
        "checked_at": "2024-03-02 12:00:00.000000",
    }
    assert [found["id"] for found in shop.rows(query)] == ["2"]


def test_a_repeated_task_replaces_what_it_wrote(shop: Shop) -> None:
    shop.sell({"quantity": 6})
    shop.report(CHECK)
    shop.run_sql("UPDATE sales SET quantity = 1")

    again = shop.report(CHECK, now=NOW + timedelta(minutes=5))
    shop.report(CHECK, run_id="run-2", now=NOW + timedelta(minutes=9))

    assert again.open == ()
    assert [(row["run_id"], row["status"]) for row in kept(shop)] == [
        ("run-1", "ok"),
        ("run-2", "ok"),
    ]


def test_a_problem_of_one_day_is_open_until_that_day_is_mended(shop: Shop) -> None:
    shop.sell({"id": 1, "day": FRIDAY, "quantity": 6}, {"id": 2, "day": SATURDAY})
    friday = shop.report(CHECK, days=[FRIDAY])
    saturday = shop.report(CHECK, days=[SATURDAY], run_id="run-2", now=NOW + timedelta(hours=1))

    assert [each.check for each in friday.failed] == ["range(quantity)"]
    assert saturday.failed == (), "the next day's run does not fail"
    [problem] = saturday.open
    assert (problem.check, problem.status, problem.days) == ("range(quantity)", "fail", (FRIDAY,))

    shop.run_sql("UPDATE sales SET quantity = 1")
    mended = shop.report(CHECK, days=[FRIDAY], run_id="run-3", now=NOW + timedelta(hours=2))
    assert mended.open == ()


def test_a_check_that_is_taken_out_of_the_file_is_no_problem_any_more(shop: Shop) -> None:
    shop.sell({"quantity": 6})
    shop.report(CHECK)

    assert shop.report("nulls: [{column: channel}]", run_id="run-2").open == ()


def test_what_was_skipped_leaves_a_problem_open(shop: Shop) -> None:
    results = Results(shop.target, "sales")
    result = {"check": "c", "kind": "anomalies", "severity": "fail", "day": FRIDAY}
    for hours, status in enumerate(("fail", "skipped")):
        results.write(
            [CheckResult.model_validate({**result, "status": status})],
            run_id=status,
            checked_at=NOW + timedelta(hours=hours),
        )

    assert [each.status for each in results.open(["c"], NOW)] == ["fail"]


def test_many_results_are_several_statements(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lake.quality.results.MOST_STATEMENT_CHARACTERS", 600)
    shop.sell({})

    shop.report("nulls: [{column: channel}, {column: price}, {column: weight}, {column: id}]")

    assert len(kept(shop)) == 4
    assert sum(sql.startswith("INSERT INTO quality") for sql in shop.client.asked) > 1


class Colliding:
    """A target on which another writer is first, some times."""

    name = "athena"

    def __init__(self, times: int, reason: str) -> None:
        self.left, self.reason, self.done = times, reason, 0

    def query(self, sql: str) -> list[Any]:
        assert sql
        return []

    def native(self, sql: str) -> str:
        return sql

    def columns(self, table: str) -> dict[str, str]:
        return {table: "string"}

    def ensure(self, table: TableDefinition) -> None:
        assert table.name == "quality_results"

    def execute(self, sql: str) -> None:
        self.left -= 1
        if self.left >= 0:
            raise QueryFailed(f"{self.reason}: {sql}")
        self.done += 1


@pytest.mark.parametrize(
    "reason",
    [
        "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update",
        "ERROR: 1023\n  DETAIL: Serializable isolation violation on table (1023)",
    ],
)
def test_a_commit_that_collides_is_tried_again(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    target = Colliding(3, reason)
    result = CheckResult(check="c", kind="nulls", severity="fail", status="ok")

    Results(target, "t").write([result], run_id="r", checked_at=NOW)

    assert target.done == 1


def test_what_the_engine_refuses_otherwise_is_raised_at_once(shop: Shop) -> None:
    shop.sell({})
    with pytest.raises(QueryFailed, match="quantitty"):
        shop.report("conditions: [{sql: quantitty > 1}]")
    with pytest.raises(QueryFailed, match="SYNTAX_ERROR"):
        Results(Colliding(1, "SYNTAX_ERROR"), "t").write(
            [CheckResult(check="c", kind="nulls", severity="fail", status="ok")],
            run_id="r",
            checked_at=NOW,
        )
