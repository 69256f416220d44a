"""The warehouse on sample data: logs and songs land, the star is computed, and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from lake.dataset import DataSet
from lake.models.names import dag_id

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import find_data_set
from infra.cli.query import Answer, print_answer, query, query_redshift
from infra.cli.runs import ARRIVAL_SECONDS, Runs
from infra.cli.steps import Failed, detail, step
from infra.local.settings import LocalSettings
from infra.samples.music import make_songs, write_logs, write_songs

FIRST_DAY = date(2018, 11, 1)
DAYS = 30
PLAYS_A_DAY = 300
USERS = 80
SONGS = 120
TIMEOUT_SECONDS = 900
UPLOADS_AT_ONCE = 8

QUESTION = """\
WITH plays AS (
    SELECT date_trunc('week', p.started_at) AS week, s.title, a.name AS artist, count(*) AS plays
    FROM music_songplays AS p
    JOIN music_songs AS s ON s.song_id = p.song_id
    JOIN music_artists AS a ON a.artist_id = p.artist_id
    WHERE p.level = 'paid' AND p.day BETWEEN DATE '{first}' AND DATE '{last}'
    GROUP BY 1, 2, 3
),

ranked AS (
    SELECT *, row_number() OVER (PARTITION BY week ORDER BY plays DESC, title, artist) AS place
    FROM plays
)

SELECT CAST(week AS date) AS week, place, title, artist, plays
FROM ranked
WHERE place <= 10
ORDER BY week, place
"""
"""The ten songs most played by paying users, by week; it reads the star alone."""

FILES_SAY = """\
WITH plays AS (
    SELECT DISTINCT ON (ts, userId, sessionId, itemInSession, artist, song)
        ts, level, artist, song, length
    FROM read_json('{logs}', format = 'newline_delimited', columns = {{
        'page': 'VARCHAR', 'ts': 'BIGINT', 'userId': 'VARCHAR', 'sessionId': 'BIGINT',
        'itemInSession': 'BIGINT', 'artist': 'VARCHAR', 'song': 'VARCHAR', 'length': 'DOUBLE',
        'level': 'VARCHAR'}})
    WHERE page = 'NextSong'
    ORDER BY ts, userId, sessionId, itemInSession, artist, song, level DESC
),

songs AS (
    SELECT title, artist_name, duration, min_by(artist_id, song_id) AS artist_id,
        min(song_id) AS song_id
    FROM read_json('{songs}') GROUP BY ALL
)

SELECT count(*), count(*) FILTER (WHERE level = 'paid' AND song_id IS NOT NULL)
FROM plays LEFT JOIN songs ON title = song AND artist_name = artist AND duration = length
"""
"""Plays in the files, and those of known songs by paying users, computed without the lake."""


PLAYS = """\
SELECT count(*) AS plays,
    count(CASE WHEN level = 'paid' AND song_id IS NOT NULL THEN 1 END) AS paid_plays
FROM music_songplays WHERE day BETWEEN DATE '{first}' AND DATE '{last}'
"""
"""The same of the star."""
ENGINES: Mapping[str, Callable[..., Answer]] = {"athena": query, "redshift": query_redshift}


def demo_warehouse(*, environment: DeployedEnvironment, settings: LocalSettings) -> None:
    """Drop a month of logs, wait until the star has them, ask, and compare with the files.

    Every target that the environment's models run on is asked, and answers the same.

    Raises:
        Failed: a run failed, or a star holds something else than the files.
    """
    began = datetime.now(UTC)
    with TemporaryDirectory(prefix="lake-music-") as name:
        logs, songs = Path(name) / "logs", Path(name) / "songs"
        with step(f"Making {DAYS} days of a music service's logs, and its songs"):
            make_month(logs, songs)
            expected = _plays_in_files(logs, songs)
        with step("Dropping them into the landing bucket"):
            landed = {
                data_set.dag_id: _put(folder, data_set, environment, settings)
                for folder, data_set in (
                    (songs, find_data_set("music/song_metadata")),
                    (logs, find_data_set("music/event_logs")),
                )
            }
    for load, keys in landed.items():
        with step(f"Waiting for a run of the DAG {load}"):
            runs = Runs(environment=environment, settings=settings, dag_id=load)
            runs.wait_until_loaded(
                keys, timeout_seconds=TIMEOUT_SECONDS, patience_seconds=ARRIVAL_SECONDS, since=began
            )
    answers = {
        target: _answer(target, expected, began, environment, settings)
        for target in environment.models_on
    }
    print_answer(next(iter(answers.values())))
    rows = [[tuple(map(str, row)) for row in answer.rows] for answer in answers.values()]
    if any(other != rows[0] for other in rows[1:]):
        raise Failed(f"{' and '.join(answers)} do not answer the same")
    detail(f"{' and '.join(answers)}: this answer, and as many plays as the files have")


def make_month(logs: Path, songs: Path) -> None:
    """Write a month of a music service into two folders, the same each time."""
    catalogue = make_songs(SONGS)
    write_songs(songs, catalogue)
    days = write_logs(
        logs, first_day=FIRST_DAY, days=DAYS, plays=PLAYS_A_DAY, users=USERS, songs=catalogue
    )
    detail(f"{sum(day.lines for day in days)} events, {len(catalogue)} songs")


def _plays_in_files(logs: Path, songs: Path) -> tuple[int, int]:
    sql = FILES_SAY.format(logs=f"{logs}/**/*.json", songs=f"{songs}/**/*.json")
    [(all_plays, paid)] = duckdb.execute(sql).fetchall()
    return int(all_plays), int(paid)


def _answer(
    target: str,
    expected: tuple[int, int],
    began: datetime,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> Answer:
    """What a target's star answers, once the models have come to rest."""
    models, ask = dag_id("music", target), ENGINES[target]
    days = {"first": FIRST_DAY, "last": FIRST_DAY + timedelta(days=DAYS - 1)}
    with step(f"Waiting for the DAG {models}"):
        runs = Runs(environment=environment, settings=settings, dag_id=models)
        conf = {"from_day": f"{days['first']}", "to_day": f"{days['last']}"}
        runs.wait_until_idle(since=began, timeout_seconds=TIMEOUT_SECONDS, conf=conf)
    with step(f"Asking {target}: the ten songs most played by paying users, by week"):
        counted = ask(PLAYS.format(**days), environment=environment, settings=settings)
        found = tuple(map(int, counted.rows[0]))
        if found != expected:
            raise Failed(
                f"{target} has {found[0]} plays, {found[1]} of them paid ones of known songs; "
                f"the files have {expected[0]} and {expected[1]}"
            )
        return ask(QUESTION.format(**days), environment=environment, settings=settings)


def _put(
    folder: Path, data_set: DataSet, environment: DeployedEnvironment, settings: LocalSettings
) -> list[str]:
    """Upload a folder's files under the data set's prefix; gives their keys."""
    keys = {
        path: data_set.source_prefix + path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    s3 = client("s3", settings)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        uploads = [
            pool.submit(s3.upload_file, str(path), environment.landing_bucket, key)
            for path, key in keys.items()
        ]
        for upload in uploads:
            upload.result()
    detail(f"{len(keys)} files → s3://{environment.landing_bucket}/{data_set.source_prefix}")
    return list(keys.values())
