"""The warehouse on sample data: logs and songs land, the star is computed, and asked."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import find_data_set
from infra.cli.query import Answer, print_answer, query
from infra.cli.runs import Runs
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
LOGS, METADATA = "music/event_logs", "music/song_metadata"

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
"""Plays in the files, and those of known songs by paying users; computed without the lake."""


def demo_warehouse(*, environment: DeployedEnvironment, settings: LocalSettings) -> None:
    """Drop a month of logs, wait until the star has them, ask, and compare with the files.

    Raises:
        Failed: a run failed, or the star holds something else than the files.
    """
    last = date.fromordinal(FIRST_DAY.toordinal() + DAYS - 1)
    with TemporaryDirectory(prefix="lake-music-") as name:
        logs, songs = Path(name) / "logs", Path(name) / "songs"
        with step(f"Making {DAYS} days of a music service's logs, and its songs"):
            catalogue = make_songs(SONGS)
            write_songs(songs, catalogue)
            written = list(
                write_logs(
                    logs,
                    first_day=FIRST_DAY,
                    days=DAYS,
                    plays=PLAYS_A_DAY,
                    users=USERS,
                    songs=catalogue,
                )
            )
            detail(f"{sum(day.lines for day in written)} events, {len(catalogue)} songs")
            expected = _files_say(logs, songs)
        began = datetime.now(UTC)
        with step("Dropping them into the landing bucket"):
            landed = {
                METADATA: _put(songs, METADATA, environment=environment, settings=settings),
                LOGS: _put(logs, LOGS, environment=environment, settings=settings),
            }
    for name, keys in landed.items():
        dag_id = find_data_set(name).dag_id
        with step(f"Waiting for a run of the DAG {dag_id}"):
            runs = Runs(environment=environment, settings=settings, dag_id=dag_id)
            runs.wait_until_loaded(keys, timeout_seconds=TIMEOUT_SECONDS, since=began)
    with step("Waiting for the DAG music_models"):
        models = Runs(environment=environment, settings=settings, dag_id="music_models")
        models.wait_until_idle(since=began, timeout_seconds=TIMEOUT_SECONDS)
    with step("The ten songs most played by paying users, by week"):
        answer = _ask(QUESTION.format(first=FIRST_DAY, last=last), environment, settings)
        print_answer(answer)
        found = _star_says(FIRST_DAY, last, environment, settings)
        if found != expected:
            raise Failed(
                f"the star holds {found} plays, paid ones of known songs; the files hold {expected}"
            )


def _put(
    folder: Path, name: str, *, environment: DeployedEnvironment, settings: LocalSettings
) -> list[str]:
    """Upload a folder's files under the data set's prefix; gives their keys."""
    prefix = find_data_set(name).source_prefix
    keys = {path: prefix + path.relative_to(folder).as_posix() for path in _files(folder)}
    s3 = client("s3", settings)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        uploads = [
            pool.submit(s3.upload_file, str(path), environment.landing_bucket, key)
            for path, key in keys.items()
        ]
        for upload in uploads:
            upload.result()
    detail(f"{len(keys)} files → s3://{environment.landing_bucket}/{prefix}")
    return list(keys.values())


def _files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _files_say(logs: Path, songs: Path) -> tuple[int, int]:
    sql = FILES_SAY.format(logs=f"{logs}/**/*.json", songs=f"{songs}/**/*.json")
    all_plays, paid = duckdb.sql(sql).fetchall()[0]
    return int(all_plays), int(paid)


def _star_says(
    first: date, last: date, environment: DeployedEnvironment, settings: LocalSettings
) -> tuple[int, int]:
    sql = (
        "SELECT count(*), count(CASE WHEN level = 'paid' AND song_id IS NOT NULL THEN 1 END) "  # noqa: S608  # dates of this module
        f"FROM music_songplays WHERE day BETWEEN DATE '{first}' AND DATE '{last}'"
    )
    all_plays, paid = _ask(sql, environment, settings).rows[0]
    return int(all_plays), int(paid)


def _ask(sql: str, environment: DeployedEnvironment, settings: LocalSettings) -> Answer:
    return query(sql, environment=environment, settings=settings)
