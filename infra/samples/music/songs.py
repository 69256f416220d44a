"""Songs and their artists, and a JSON document of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MIX = 0x9E37_79B9_7F4A_7C15  # odd, so that no two numbers below 2**64 become the same

_SONGS_PER_ARTIST = 4
_TWIN_EVERY = 20
"""One song of so many has another document, of another identifier."""
_FIRST_YEAR, _LAST_YEAR = 1955, 2018
_UNKNOWN_YEARS = 40
"""In a hundred."""

_FIRST_WORDS = (
    "Midnight", "Águas", "Electric", "Für", "Señorita", "Last", "Blå", "Queen's", "Zażółć", "Slow",
    "Étoile", "Wicked", "Saudade", "99", "Kühler", "No",
)  # fmt: skip
_SECOND_WORDS = (
    "Train", "de Março", "Elise", "Heart", "Morena", "Dance", "Himmel", "Gambit", "Jaźń", "Hands",
    "du Nord", "Game", "Sem Fim", "Luftballons", "Regen", "One",
)  # fmt: skip
_ENDINGS = (
    "", "", "", "", "", " (Album Version)", ' "Live"', ", Pt. 2", " / Reprise", " (feat. Zoë)",
    ": I. Allegro", " & On & On", " ~ Remix", "?",
)  # fmt: skip
_NAMES = (
    "Los Niños", "Beyond É", "The Quiet Ones", "Sigur Bjørk", "Mötley Creek", "DJ O'Hara",
    "Zoë & The Keys", "Earth, Wind & Rain", 'Johnny "Guitar" Wren', "Ana Conceição", "311 Below",
    "東京ナイツ", "AC\\DC Tribute",
)  # fmt: skip
_PLACES: tuple[tuple[str, float, float], ...] = (
    ("California - LA", 34.05349, -118.24532),
    ("London, England", 51.50632, -0.12714),
    ("São Paulo, Brasil", -23.56287, -46.65468),
    ("Reykjavík, Iceland", 64.14598, -21.94224),
    ('Brooklyn "NYC", NY', 40.65507, -73.94888),
    ("Hamlet, NC", 34.88508, -79.69727),
)
_SPELLINGS = ("{}", "{}", "{}", "{} feat. Ana", "{} / Various", "{} (Band)")


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist as one song's document has it."""

    artist_id: str
    name: str
    location: str
    """Empty where it is not known."""
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Song:
    """A song's document."""

    track_id: str
    """What its file is named by."""
    song_id: str
    title: str
    artist: Artist
    duration: float
    """In seconds."""
    year: int
    """0 where it is not known."""

    @property
    def document(self) -> str:
        """As JSON, on one line without an end."""
        return json.dumps(
            {
                "num_songs": 1,
                "artist_id": self.artist.artist_id,
                "artist_latitude": self.artist.latitude,
                "artist_longitude": self.artist.longitude,
                "artist_location": self.artist.location,
                "artist_name": self.artist.name,
                "song_id": self.song_id,
                "title": self.title,
                "duration": self.duration,
                "year": self.year,
            }
        )


def song_file(song: Song) -> str:
    """The path of a song's file, for example `A/B/C/TRABCEI128F424C983.json`."""
    return "/".join([*song.track_id[2:5], f"{song.track_id}.json"])


def make_songs(count: int, *, seed: int = 0) -> tuple[Song, ...]:
    """Songs of which no two have the same identifier; the same arguments give the same songs.

    One in twenty is there again under another identifier, with the same title, artist and duration.

    Args:
        count: of them all, 1 at least.
        seed: another gives other songs.

    Raises:
        ValueError: `count` is less than 1.
    """
    if count < 1:
        raise ValueError(f"songs should be 1 at least, not {count}")
    rng = np.random.default_rng([seed, count])
    songs: list[Song] = []
    for number in range(count):
        if number % _TWIN_EVERY == _TWIN_EVERY - 1:
            earlier = songs[int(rng.integers(0, len(songs)))]
            song_id, track_id = _identifier("SO", number, seed), _track_id(number, seed)
            songs.append(replace(earlier, song_id=song_id, track_id=track_id))
        else:
            songs.append(_song(number, count, seed, rng))
    return tuple(songs)


def write_songs(folder: Path, songs: Sequence[Song]) -> list[Path]:
    """Write each song's document to its file below a folder, and say which files these are."""
    paths = []
    for song in songs:
        path = folder / song_file(song)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(song.document, encoding="utf-8")
        paths.append(path)
    return paths


def _song(number: int, count: int, seed: int, rng: np.random.Generator) -> Song:
    artists = max(1, count // _SONGS_PER_ARTIST)
    first, second, ending, artist, spelling, ticks, year = rng.integers(
        0,
        [len(_FIRST_WORDS), len(_SECOND_WORDS), len(_ENDINGS), artists, len(_SPELLINGS),
         40_000_000, 100],
    ).tolist()  # fmt: skip
    title = f"{_FIRST_WORDS[first]} {_SECOND_WORDS[second]}{_ENDINGS[ending]}"
    return Song(
        track_id=_track_id(number, seed),
        song_id=_identifier("SO", number, seed),
        title=title,
        artist=_artist(artist, spelling, seed),
        duration=(6_000_000 + ticks) / 100_000,
        year=0 if year < _UNKNOWN_YEARS else _FIRST_YEAR + year % (_LAST_YEAR - _FIRST_YEAR),
    )


def _artist(number: int, spelling: int, seed: int) -> Artist:
    """One of the ways in which an artist is spelled; what is known of the place varies with it."""
    name = _NAMES[number % len(_NAMES)]
    if number >= len(_NAMES):
        name = f"{name} {number // len(_NAMES) + 1}"
    place, latitude, longitude = _PLACES[number % len(_PLACES)]
    has_place, has_degrees = (number + spelling) % 3 > 0, (number * 7 + spelling) % 2 > 0
    return Artist(
        artist_id=_identifier("AR", number, seed),
        name=_SPELLINGS[spelling].format(name),
        location=place if has_place else "",
        latitude=latitude if has_degrees else None,
        longitude=longitude if has_degrees else None,
    )


def _identifier(prefix: str, number: int, seed: int) -> str:
    return f"{prefix}{_mixed(number, seed):016X}"


def _track_id(number: int, seed: int) -> str:
    mixed = _mixed(number, seed)
    letters = "".join(_LETTERS[mixed // 26**place % 26] for place in (0, 1, 2))
    return f"TR{letters}{mixed % 2**52:013X}"


def _mixed(number: int, seed: int) -> int:
    return (number + 1 + seed * 0x1_0000_0001) * _MIX % 2**64
