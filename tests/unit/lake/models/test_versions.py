"""What a run reads stays as the run found it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from lake.models.loads import kept_versions
from lake.models.statements import days_in_sql, load
from lake.models.versions import AsOf, as_of

from tests.music_truth import MusicTruth
from tests.unit.lake.models.music import days_of
from tests.unit.lake.models.star import Star

NOW = '(SELECT * FROM "logs" FOR VERSION AS OF 7)'
EMPTY = '(SELECT * FROM "songs" WHERE false)'


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT logs.a FROM logs", f'SELECT logs.a FROM {NOW} AS "logs"'),
        ('SELECT a FROM "logs" AS l', f"SELECT a FROM {NOW} AS l"),
        (
            "SELECT logs.a FROM others, logs JOIN songs ON true",
            f'SELECT logs.a FROM others, {NOW} AS "logs" JOIN {EMPTY} AS "songs" ON true',
        ),
        ("SELECT 'logs' AS songs FROM others", "SELECT 'logs' AS songs FROM others"),
        ("WITH logs AS (SELECT 1 AS a) SELECT a FROM logs",) * 2,
        ("SELECT it is no SQL",) * 2,
        (
            "MERGE INTO plays USING (SELECT a FROM (SELECT a FROM logs) AS l) AS new "
            "ON plays.a = new.a WHEN MATCHED THEN DELETE",
            f'MERGE INTO plays USING (SELECT a FROM (SELECT a FROM {NOW} AS "logs") AS l) AS new '
            "ON plays.a = new.a WHEN MATCHED THEN DELETE",
        ),
    ],
)
def test_a_statement_reads_each_table_at_its_version(sql: str, read: str) -> None:
    assert as_of(sql, {"logs": 7, "songs": None}) == read


@pytest.mark.parametrize(("times_cleared", "kept"), [(0, {"logs": 7}), (1, {})])
def test_a_run_that_was_cleared_reads_the_tables_as_they_are(
    times_cleared: int, kept: dict[str, int]
) -> None:
    context = {
        "dag_run": SimpleNamespace(clear_number=times_cleared),
        "ti": SimpleNamespace(xcom_pull=lambda task_ids: {"prepare_tables": {"logs": 7}}[task_ids]),
    }
    assert kept_versions(context) == kept


@pytest.fixture
def staged(star: Star, truth: MusicTruth) -> Star:
    """Logs, and no songs yet."""
    star.stage(truth, "music_event_logs")
    return star


def compute(star: Star, truth: MusicTruth, versions: Mapping[str, int | None]) -> None:
    days = days_in_sql(days_of(truth))
    for node in star.graph.of("music"):
        star.target.execute(
            as_of(load(node.model, node.query, days=days if node.model.by_day else None), versions)
        )


def count(star: Star, sql: str) -> str | None:
    return star.target.query(f"SELECT count(*) AS n FROM {sql}")[0]["n"]


def test_a_run_reads_neither_rows_that_came_into_an_empty_table_nor_later_ones(
    staged: Star, truth: MusicTruth
) -> None:
    before = staged.versions()
    assert before["music_song_metadata"] is None
    staged.stage(truth, "music_song_metadata")
    middle = staged.versions()

    compute(staged, truth, before)
    assert count(staged, "music_songs") == "0"
    assert count(staged, "music_songplays WHERE song_id IS NOT NULL") == "0"

    staged.target.execute("DELETE FROM music_song_metadata")
    compute(staged, truth, middle)
    assert staged.is_as(truth)
    reading = AsOf(staged.target, middle)
    songs = len(truth.table("music_song_metadata").rows)
    assert reading.query("SELECT count(*) AS n FROM music_song_metadata") == [{"n": str(songs)}]
    assert count(staged, "music_song_metadata") == "0"
