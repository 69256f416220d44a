/*
The ten songs that paying users played most, by week, from the music warehouse.
*/
WITH plays AS (
    SELECT
        CAST(date_trunc('week', plays.started_at) AS date) AS week,
        songs.title,
        artists.name AS artist,
        count(*) AS plays
    FROM music_songplays AS plays
    JOIN music_songs AS songs ON songs.song_id = plays.song_id
    JOIN music_artists AS artists ON artists.artist_id = plays.artist_id
    WHERE plays.level = 'paid'
    GROUP BY 1, 2, 3
),

ranked AS (
    SELECT
        week,
        row_number() OVER (PARTITION BY week ORDER BY plays DESC, title, artist) AS place,
        title,
        artist,
        plays
    FROM plays
)

SELECT week, place, title, artist, plays
FROM ranked
WHERE place <= 10
ORDER BY week DESC, place
