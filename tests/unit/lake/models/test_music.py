"""The star of the music service: what its models compute is what the files say, row for row."""

from __future__ import annotations

from tests.music_truth import STAR, MusicTruth
from tests.unit.lake.models.music import days_of
from tests.unit.lake.models.star import Star


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
