"""Contenders take turns, and one that is wrong is not measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.bench.contenders import CONTENDERS, LAKE
from infra.bench.rounds import RowsLost, run_rounds
from infra.bench.sample import Sample


def test_all_convert_once_a_round_and_leave_nothing(sample: Sample, tmp_path: Path) -> None:
    said: list[str] = []
    pairs = [(contender, sample) for contender in CONTENDERS[:2]]
    results = run_rounds(pairs, rounds=2, folder=tmp_path, say=said.append)
    assert [line.split(", ")[0] for line in said] == [
        "round 1 of 2: lake.convert",
        "round 1 of 2: DuckDB",
        "round 2 of 2: lake.convert",
        "round 2 of 2: DuckDB",
    ]
    assert [(r.contender, r.outcome.rows, r.lost, len(r.usages)) for r in results] == [
        (CONTENDERS[0], sample.rows, 0, 2),
        (CONTENDERS[1], sample.rows, 2, 2),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_contender_that_does_not_give_every_good_row_is_refused(
    sample: Sample, tmp_path: Path
) -> None:
    more = replace(sample, rows=sample.rows + 1)
    with pytest.raises(RowsLost, match=f"{sample.rows} good rows of {sample.rows + 1}"):
        run_rounds([(LAKE, more)], rounds=1, folder=tmp_path, say=lambda _: None)
