"""A music service: what it knows of songs, and the logs of those who listen to them.

Songs, artists and users do not exist. The files have the shape of Udacity's Sparkify data, and the
faults of real ones.
"""

from infra.samples.music.logs import LogTruth, log_file, write_logs
from infra.samples.music.songs import Artist, Song, make_songs, song_file, write_songs

__all__ = [
    "Artist",
    "LogTruth",
    "Song",
    "log_file",
    "make_songs",
    "song_file",
    "write_logs",
    "write_songs",
]
