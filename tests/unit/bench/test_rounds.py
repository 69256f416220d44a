"""Contenders take turns, and where the lake is wrong nothing is measured."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from infra.bench.contenders import ENCODING, LAKE, Contender
from infra.bench.rounds import RowsLost, run_rounds
from infra.bench.together import TASKS, run_together
from infra.bench.workloads import Sample
from infra.bench.workloads.fixed_width import WORKLOAD

DUCKDB = WORKLOAD.contenders[1]


def test_all_convert_once_a_round_and_leave_nothing(sample: Sample, tmp_path: Path) -> None:
    said: list[str] = []
    results = run_rounds(
        WORKLOAD, sample, contenders=(LAKE, DUCKDB), rounds=2, folder=tmp_path, say=said.append
    )
    assert [line.split(", ")[1] for line in said] == [
        "lake.convert",
        "DuckDB",
        "encoding alone",
    ] * 2
    assert [(each.contender, len(each.usages)) for each in results] == [
        (LAKE, 2),
        (DUCKDB, 2),
        (ENCODING, 2),
    ]
    lake, duckdb, encoding = results
    assert (lake.rows_lost, lake.bad_lost, lake.amount_error) == (0, 0, Decimal(0))
    assert (duckdb.rows_lost, duckdb.bad_lost) == (0, 2)
    assert encoding.cpu_seconds < lake.cpu_seconds
    assert list(tmp_path.iterdir()) == []


def test_a_contender_that_fails_has_no_usage_and_the_others_go_on(
    sample: Sample, tmp_path: Path
) -> None:
    said: list[str] = []
    nobody = Contender("nobody", "no_such_module")
    results = run_rounds(
        WORKLOAD, sample, contenders=(LAKE, nobody), rounds=2, folder=tmp_path, say=said.append
    )
    assert [len(each.usages) for each in results] == [2, 0, 2]
    [failure] = (line for line in said if "nobody" in line)
    assert "No module named" in failure


@pytest.mark.parametrize("more", [{"rows": 1}, {"malformed": 1}, {"amount": 1}])
def test_a_lake_that_does_not_give_what_was_generated_is_no_measurement(
    more: dict[str, int], sample: Sample, tmp_path: Path
) -> None:
    other = replace(sample, **{name: getattr(sample, name) + count for name, count in more.items()})
    with pytest.raises(RowsLost, match=f"gave {sample.rows} rows, 8 rejects"):
        run_rounds(
            WORKLOAD, other, contenders=(LAKE,), rounds=1, folder=tmp_path, say=lambda _: None
        )


def test_several_at_once_hold_less_than_each_alone_times_their_number(
    sample: Sample, tmp_path: Path
) -> None:
    """What they share is counted once."""
    result = run_together(WORKLOAD, sample, folder=tmp_path)
    alone = max(usage.peak_bytes for usage in result.usages)
    assert len(result.usages) == TASKS
    assert alone < result.peak_bytes < TASKS * alone
