"""The star of the music service: what its models compute is what the files say, row for row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from lake.models.days import in_statements
from lake.models.graph import Graph, Node
from lake.models.statements import days_in_sql, load
from lake.targets import TableDefinition
from lake.targets.athena import AthenaTarget

from infra.local.settings import REPOSITORY
from infra.samples.music import make_songs, write_logs, write_songs
from tests.music_truth import STAGING, STAR, MusicTruth, Table
from tests.unit.local.athena.iceberg import Icebergs

FIRST_DAY = date(2018, 11, 26)  # five days in two months, two weeks


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> MusicTruth:
    root = tmp_path_factory.mktemp("music")
    songs = make_songs(60)
    write_songs(root / "songs", songs)
    logs = write_logs(root / "logs", first_day=FIRST_DAY, days=6, plays=60, users=12, songs=songs)
    assert sum(day.duplicates + day.near_duplicates for day in logs) > 0
    return MusicTruth(logs=root / "logs", songs=root / "songs")


@pytest.fixture(scope="module")
def graph() -> Graph:
    dags = REPOSITORY / "dags"
    return Graph.load(models=dags / "models", data_sets=dags / "datasets", domain="music")


class Star:
    """The staging tables with the truth's rows, and the star's models over them."""

    def __init__(self, target: AthenaTarget, endpoint: str, graph: Graph) -> None:
        self.target, self.graph = target, graph
        self._catalog = Icebergs.at(endpoint).catalog
        for name, data_set in graph.data_sets.items():
            self._ensure(name, f"{name}/", data_set.columns, data_set.partitions)
        for node in graph.of("music"):
            target.ensure(node.model.definition)

    def _ensure(self, name: str, folder: str, columns: Any, partitions: Sequence[str]) -> None:
        self.target.ensure(
            TableDefinition(
                name=name,
                folder=folder,
                description=name,
                columns=columns,
                partitioning=tuple(partitions),
            )
        )

    def stage(self, truth: MusicTruth, *names: str) -> None:
        """Fill staging tables with what the files say."""
        for name in names or STAGING:
            staged = self._catalog.load_table(f"lake.{name}")
            schema = staged.schema().as_arrow()
            staged.append(pa.Table.from_pylist(truth.table(name).records(), schema=schema))

    def compute(self, days: Sequence[str]) -> None:
        """Each model after those that it reads."""
        for node in self.graph.of("music"):
            self.compute_one(node, days)

    def compute_one(self, node: Node, days: Sequence[str]) -> None:
        if node.model.by_day:
            for some in in_statements(days):
                self.target.execute(load(node.model, node.query, days=days_in_sql(some)))
        else:
            self.target.execute(load(node.model, node.query))

    def rows(self, like: Table, name: str) -> list[tuple[str | None, ...]]:
        columns = ", ".join(f'"{column}"' for column in like.columns)
        return sorted(
            (tuple(row.values()) for row in self.target.query(f'SELECT {columns} FROM "{name}"')),
            key=str,
        )

    def is_as(self, truth: MusicTruth) -> bool:
        """Whether every table of the star has the truth's rows; pytest shows the first that not."""
        for name in STAR:
            table = truth.table(name)
            assert self.rows(table, name) == sorted(map(_as_text, table.rows), key=str), name
        return True

    def snapshots(self) -> dict[str, str | None]:
        return {
            name: self.target.query(f'SELECT count(*) AS n FROM "{name}$snapshots"')[0]["n"]
            for name in STAR
        }


def _as_text(row: tuple[Any, ...]) -> tuple[str | None, ...]:
    return tuple(_value(value) for value in row)


def _value(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value)


@pytest.fixture
def star(target: AthenaTarget, moto_endpoint: str, graph: Graph) -> Star:
    return Star(target, moto_endpoint, graph)


def _days(truth: MusicTruth) -> list[str]:
    column = truth.table("music_event_logs").columns.index("day")
    return sorted({str(row[column]) for row in truth.table("music_event_logs").rows})


def test_all_days_in_one_run_give_the_star(star: Star, truth: MusicTruth) -> None:
    star.stage(truth)
    star.compute(_days(truth))
    assert star.is_as(truth)
    assert all(truth.table(name).rows for name in STAR)


def test_days_in_any_order_give_the_star_and_again_change_nothing(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    days = _days(truth)
    days = [*days[3:], *days[2::-1]]
    for day in days:
        star.compute([day])
    assert star.is_as(truth)
    before = star.snapshots()
    star.compute(days[:2])
    assert star.snapshots() == before


def test_songs_that_land_after_the_logs_reach_every_play(star: Star, truth: MusicTruth) -> None:
    star.stage(truth, "music_event_logs")
    star.compute(_days(truth))
    star.stage(truth, "music_song_metadata")
    star.compute(_days(truth))
    assert star.is_as(truth)


def test_a_run_that_stopped_after_any_model_is_finished_by_the_next(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    days = _days(truth)
    models = star.graph.of("music")
    for number, day in enumerate(days):
        for node in models[: number % len(models)]:
            star.compute_one(node, [day])
    star.compute(days)
    assert star.is_as(truth)
