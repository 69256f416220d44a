/*
description: >-
  Songs that were played, one row a play. Logs deliver some events twice: events of the same time,
  user, session, item, artist and song are one play. Song and artist are those of the catalogue with
  the same title, name and length, where there are such.
owner: music-analytics
keys: [songplay_id]
by_day: day
rebuild_when_changed: [music_song_metadata]
columns:
  - {name: songplay_id, type: string, description: "MD5 of what tells one play from another"}
  - {name: started_at, type: timestamp, description: "When it began, in UTC"}
  - {name: day, type: date, description: "Day that it began, in UTC"}
  - {name: user_id, type: bigint, nullable: true, description: "Who played it, in music_users; NULL where the log has nobody"}
  - {name: level, type: string, description: "free or paid, of the user when it began"}
  - {name: song_id, type: string, nullable: true, description: "In music_songs; NULL where the catalogue has no such song"}
  - {name: artist_id, type: string, nullable: true, description: "In music_artists; NULL where the catalogue has no such song"}
  - {name: session_id, type: bigint, description: "Number of the session"}
  - {name: item_in_session, type: int, description: "Number of the event in its session"}
  - {name: location, type: string, nullable: true, description: "Where the user was, as text"}
  - {name: user_agent, type: string, nullable: true, description: "As the browser says it"}
checks:
  nulls: [{column: user_id, allowed: 0.05, warn_above: 0.01}]
  accepted_values: [{column: level, values: [free, paid]}]
  references:
    - {columns: [song_id], table: music_songs}
    - {columns: [artist_id], table: music_artists}
  row_counts: [{at_least: 1, severity: warn}]
  anomalies: [{of: rows}]
*/
WITH plays AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY occurred_at, user_id, session_id, item_in_session, artist, song
            ORDER BY level DESC, location ASC NULLS LAST, user_agent ASC NULLS LAST
        ) AS place
    FROM music_event_logs
    WHERE page = 'NextSong' AND day IN (:days)
),

catalogue AS (
    SELECT
        song_id,
        artist_id,
        title,
        artist_name,
        duration,
        row_number() OVER (PARTITION BY title, artist_name, duration ORDER BY song_id) AS place
    FROM music_song_metadata
)

SELECT
    lower(to_hex(md5(to_utf8(
        CAST(date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', plays.occurred_at) AS varchar)
        || '|' || coalesce(CAST(plays.user_id AS varchar), '')
        || '|' || CAST(plays.session_id AS varchar)
        || '|' || CAST(plays.item_in_session AS varchar)
        || '|' || coalesce(plays.artist, '')
        || '|' || coalesce(plays.song, '')
    )))) AS songplay_id,
    plays.occurred_at AS started_at,
    plays.day,
    plays.user_id,
    plays.level,
    catalogue.song_id,
    catalogue.artist_id,
    plays.session_id,
    plays.item_in_session,
    plays.location,
    plays.user_agent
FROM plays
LEFT JOIN catalogue
    ON catalogue.title = plays.song
    AND catalogue.artist_name = plays.artist
    AND catalogue.duration = plays.length
    AND catalogue.place = 1
WHERE plays.place = 1
