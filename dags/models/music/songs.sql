/*
description: >-
  The songs of the catalogue, one row a song.
owner: music-analytics
keys: [song_id]
columns:
  - {name: song_id, type: string, description: "Identifier of the song"}
  - {name: title, type: string, description: "Title"}
  - {name: artist_id, type: string, description: "Identifier of the artist, in music_artists"}
  - {name: year, type: int, nullable: true, description: "Year of the release; NULL where it is not known"}
  - {name: duration, type: double, description: "Length in seconds"}
checks:
  ranges: [{column: duration, at_least: 0}]
  references: [{columns: [artist_id], table: music_artists}]
*/
SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM music_song_metadata
