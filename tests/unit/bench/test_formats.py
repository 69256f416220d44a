"""What delimited text and JSON with bad records are to other readers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infra.bench.contenders import ENCODING, LAKE
from infra.bench.rounds import Result, run_rounds
from infra.bench.workloads import SMALLEST_BYTES
from infra.bench.workloads.all import WORKLOADS


@pytest.fixture(scope="module", params=["delimited", "json"])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Result]:
    """Every contender's conversion of a small file."""
    workload = WORKLOADS[request.param]
    folder = tmp_path_factory.mktemp(workload.name)
    sample = workload.write(folder / f"sample{workload.suffix}", 2 * SMALLEST_BYTES)
    found = run_rounds(
        workload,
        sample,
        contenders=workload.contenders,
        rounds=1,
        folder=folder,
        say=lambda _: None,
    )
    return {each.contender.name: each for each in found if each.contender != ENCODING}


def test_the_lake_has_every_good_record_and_keeps_every_bad_one(
    results: dict[str, Result],
) -> None:
    lake = results[LAKE.name]
    assert (lake.rows_lost, lake.bad_lost, lake.amount_error) == (0, 0, Decimal(0))
    assert lake.outcome
    assert lake.outcome.bad_as_rows == 0


def test_all_others_fail_or_keep_no_bad_record(results: dict[str, Result]) -> None:
    """Each bad record is lost, or passes for a row."""
    others = [each for name, each in results.items() if name != LAKE.name]
    assert len(others) >= 3
    for each in others:
        if each.usages:
            assert each.outcome
            assert each.outcome.kept == 0
            assert each.bad_lost + each.outcome.bad_as_rows == each.sample.malformed
