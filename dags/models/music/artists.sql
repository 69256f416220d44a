/*
description: >-
  The artists of the catalogue, one row an artist. Their songs spell them in several ways: the
  spelling of the song that has a place on the map is taken, and of several the one of the smallest
  song_id.
owner: music-analytics
keys: [artist_id]
columns:
  - {name: artist_id, type: string, description: "Identifier of the artist"}
  - {name: name, type: string, description: "Name"}
  - {name: location, type: string, nullable: true, description: "Where they are from, as text"}
  - {name: latitude, type: double, nullable: true, description: "Degrees north"}
  - {name: longitude, type: double, nullable: true, description: "Degrees east"}
checks:
  ranges:
    - {column: latitude, at_least: -90, at_most: 90}
    - {column: longitude, at_least: -180, at_most: 180}
*/
SELECT
    artist_id,
    artist_name AS name,
    artist_location AS location,
    artist_latitude AS latitude,
    artist_longitude AS longitude
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY artist_id
            ORDER BY CASE WHEN artist_latitude IS NULL THEN 1 ELSE 0 END, song_id
        ) AS place
    FROM music_song_metadata
) AS spellings
WHERE place = 1
