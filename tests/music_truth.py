"""What the music service's tables should hold, computed by DuckDB from the raw JSON files alone.

Nothing here goes through the product's code. A table's rows come in the order of its columns'
values, so that two of the same content are equal as lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

STAGING = ("music_event_logs", "music_song_metadata")
STAR = (
    "music_songplays", "music_user_days", "music_users", "music_songs", "music_artists",
    "music_time",
)  # fmt: skip

_LOG_KEYS = (
    "artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level",
    "location", "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent",
    "userId",
)  # fmt: skip
_SONG_KEYS = (
    "song_id", "title", "artist_id", "artist_name", "artist_location", "artist_latitude",
    "artist_longitude", "duration", "year", "num_songs",
)  # fmt: skip

_MACROS = """
CREATE MACRO given(text) AS CASE WHEN text NOT IN ('', 'NaN') THEN text END;
CREATE MACRO exact(text) AS CAST(given(text) AS DECIMAL(25, 6));
CREATE MACRO moment(text) AS make_timestamp(CAST(exact(text) * 1000 AS BIGINT));
"""

_VIEWS = {
    "music_event_logs": """
        SELECT
            nullif(artist, '') AS artist,
            auth,
            nullif(firstName, '') AS first_name,
            nullif(gender, '') AS gender,
            CAST(exact(itemInSession) AS INTEGER) AS item_in_session,
            nullif(lastName, '') AS last_name,
            CAST(given(length) AS DOUBLE) AS length,
            level,
            nullif(location, '') AS location,
            method,
            page,
            moment(registration) AS registered_at,
            CAST(exact(sessionId) AS BIGINT) AS session_id,
            nullif(song, '') AS song,
            CAST(exact(status) AS INTEGER) AS status,
            moment(ts) AS occurred_at,
            CAST(moment(ts) AS DATE) AS day,
            nullif(userAgent, '') AS user_agent,
            CAST(exact(userId) AS BIGINT) AS user_id
        FROM raw_logs
        WHERE ts IS NOT NULL""",
    "music_song_metadata": """
        SELECT
            song_id,
            title,
            artist_id,
            artist_name,
            nullif(artist_location, '') AS artist_location,
            CAST(given(artist_latitude) AS DOUBLE) AS artist_latitude,
            CAST(given(artist_longitude) AS DOUBLE) AS artist_longitude,
            CAST(duration AS DOUBLE) AS duration,
            CAST(exact(year) AS INTEGER) AS year,
            CAST(exact(num_songs) AS INTEGER) AS num_songs
        FROM raw_songs
        QUALIFY row_number() OVER (PARTITION BY song_id ORDER BY filename DESC) = 1""",
    "music_songplays": """
        WITH plays AS (
            SELECT * FROM music_event_logs
            WHERE page = 'NextSong'
            QUALIFY row_number() OVER (
                PARTITION BY occurred_at, user_id, session_id, item_in_session, artist, song
                ORDER BY level DESC, location ASC NULLS LAST, user_agent ASC NULLS LAST
            ) = 1
        ),
        matches AS (
            SELECT title, artist_name, duration, min(song_id) AS song_id,
                arg_min(artist_id, song_id) AS artist_id
            FROM music_song_metadata
            GROUP BY title, artist_name, duration
        )
        SELECT
            md5(concat_ws('|',
                CAST(epoch_ms(occurred_at) AS VARCHAR),
                coalesce(CAST(user_id AS VARCHAR), ''),
                CAST(session_id AS VARCHAR),
                CAST(item_in_session AS VARCHAR),
                coalesce(artist, ''),
                coalesce(song, '')
            )) AS songplay_id,
            occurred_at AS started_at,
            day,
            user_id,
            level,
            matches.song_id,
            matches.artist_id,
            session_id,
            item_in_session,
            location,
            user_agent
        FROM plays
        LEFT JOIN matches
            ON matches.title = plays.song
            AND matches.artist_name = plays.artist
            AND matches.duration = plays.length""",
    "music_user_days": """
        SELECT user_id, day, first_name, last_name, gender, level, occurred_at AS last_seen_at
        FROM music_event_logs
        WHERE user_id IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY user_id, day
            ORDER BY occurred_at DESC, session_id DESC, item_in_session DESC, level DESC,
                first_name ASC NULLS LAST, last_name ASC NULLS LAST, gender ASC NULLS LAST
        ) = 1""",
    "music_users": """
        SELECT user_id, first_name, last_name, gender, level, last_seen_at
        FROM music_user_days
        QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY day DESC) = 1""",
    "music_songs": """
        SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
        FROM music_song_metadata""",
    "music_artists": """
        SELECT artist_id, artist_name AS name, artist_location AS location,
            artist_latitude AS latitude, artist_longitude AS longitude
        FROM music_song_metadata
        QUALIFY row_number() OVER (
            PARTITION BY artist_id ORDER BY artist_latitude IS NULL, song_id
        ) = 1""",
    "music_time": """
        SELECT DISTINCT
            started_at,
            day,
            CAST(hour(started_at) AS INTEGER) AS hour,
            CAST(day(started_at) AS INTEGER) AS day_of_month,
            CAST(weekofyear(started_at) AS INTEGER) AS week,
            CAST(month(started_at) AS INTEGER) AS month,
            CAST(year(started_at) AS INTEGER) AS year,
            CAST(isodow(started_at) AS INTEGER) AS weekday
        FROM music_songplays""",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table's content."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    """Sorted; NULLs last. Timestamps are `datetime` in UTC without zone, `day` is a `date`."""

    def records(self) -> list[dict[str, Any]]:
        """The rows with their columns' names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class MusicTruth:
    """The tables that some files make.

    Args:
        logs: a folder of event logs, or the files themselves; a line that is no JSON is none.
        songs: a folder of song documents, or the files themselves; of several documents of a song
            the one of the last path counts, as where they land in this order.
    """

    def __init__(self, *, logs: Path | Sequence[Path], songs: Path | Sequence[Path]) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(_MACROS)
        self._read("raw_logs", _LOG_KEYS, logs, "newline_delimited")
        self._read("raw_songs", _SONG_KEYS, songs, "unstructured")
        for name, query in _VIEWS.items():
            self._connection.execute(f"CREATE TABLE {name} AS {query}")

    def table(self, name: str) -> Table:
        """One of `STAGING`, without `source_key`, or of `STAR`."""
        found = self._connection.execute(f"SELECT * FROM {name} ORDER BY ALL ASC NULLS LAST")
        return Table(tuple(each[0] for each in found.description), found.fetchall())

    def _read(
        self, name: str, keys: Sequence[str], files: Path | Sequence[Path], form: str
    ) -> None:
        """All values as text; a number's is its JSON."""
        if isinstance(files, Path):
            files = sorted(path for path in files.rglob("*") if path.is_file())
        columns = ", ".join(f'"{key}" VARCHAR' for key in keys)
        self._connection.execute(f"CREATE TABLE {name} ({columns}, filename VARCHAR)")
        if files:
            types = ", ".join(f"'{key}': 'VARCHAR'" for key in keys)
            self._connection.execute(
                f"INSERT INTO {name} SELECT * FROM read_json($files, format = '{form}', "
                f"columns = {{{types}}}, ignore_errors = {form == 'newline_delimited'}, "
                "filename = true)",
                {"files": [str(path) for path in files]},
            )
