"""The star of the music service: what its models compute is what the files say, row for row."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from lake.models.quality import check_model
from lake.pipeline.athena import QueryFailed

from tests.music_truth import STAR, MusicTruth
from tests.unit.lake.models.music import days_of
from tests.unit.lake.models.star import Star

MISSING = "2018-12-24"


def test_all_days_in_one_run_give_the_star(star: Star, truth: MusicTruth) -> None:
    star.stage(truth)
    star.compute(days_of(truth))
    assert star.is_as(truth)
    assert all(truth.table(name).rows for name in STAR)


def test_days_in_any_order_give_the_star_and_again_change_nothing(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    days = days_of(truth)
    days = [*days[3:], *days[2::-1]]
    for day in days:
        star.compute([day])
    assert star.is_as(truth)
    before = star.snapshots()
    star.compute(days[:2])
    assert star.snapshots() == before


def test_songs_that_land_after_the_logs_reach_every_play(star: Star, truth: MusicTruth) -> None:
    star.stage(truth, "music_event_logs")
    star.compute(days_of(truth))
    star.stage(truth, "music_song_metadata")
    star.compute(days_of(truth))
    assert star.is_as(truth)


def test_a_run_that_stopped_after_any_model_is_finished_by_the_next(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    days = days_of(truth)
    models = star.graph.of("music")
    for number, day in enumerate(days):
        for node in models[: number % len(models)]:
            star.compute_one(node, [day])
    star.compute(days)
    assert star.is_as(truth)


def test_a_day_of_which_nothing_landed_changes_nothing_and_is_told(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    star.compute(days_of(truth))
    before = star.snapshots()

    star.compute([MISSING])

    assert star.snapshots() == before
    model = star.graph.nodes["music_songplays"].model
    report = check_model(model, target=star.target, days=[MISSING], run_id="r")
    warned = [each for each in report.results if each.status == "warn"]
    assert [(each.check, each.status, each.message) for each in warned] == [
        ("row_count", "warn", "0 rows; at least 1")
    ]


def test_two_backfills_at_once_give_the_star(star: Star, truth: MusicTruth) -> None:
    """Of one commit at a table the other knows nothing: it fails, and is tried again."""
    star.stage(truth)
    days = days_of(truth)

    def backfill(order: Sequence[str]) -> int:
        lost = 0
        for day, node in product(order, star.graph.of("music")):
            while True:
                try:
                    star.compute_one(node, [day])
                    break
                except QueryFailed as error:
                    assert "ICEBERG_COMMIT_ERROR" in str(error)
                    lost += 1
        return lost

    with ThreadPoolExecutor(2) as pool:
        tries = list(pool.map(backfill, (days[:2], days[1::-1])))

    star.compute(days[2:])
    assert star.is_as(truth), f"{tries} commits lost against the other"
