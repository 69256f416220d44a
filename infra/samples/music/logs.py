"""The logs of a music service: a file a day of JSON lines, one line an event."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from infra.samples.music.listeners import Listener, json_text, make_listeners
from infra.samples.music.songs import Song

_DAY_MILLIS = 86_400_000
_EPOCH = datetime.date(1970, 1, 1)
_CHUNK_PLAYS = 1 << 13
_OTHERS_OF_PLAYS = 4
"""One other page for so many plays."""
_PLAYS_A_SESSION = 40
_PLAYS_OF_A_LISTENER = 25
"""A day, of those whose sessions are open."""

_UNKNOWN_SONGS = (
    ("No Metadata Here", "The Unlisted", "205.13914"),
    ("Ça va, ça vient", "Inconnu & Co", "181.2"),
    ('Say "Nothing", Twice', "Ghost/Writer", "99.16036"),
)


class _Page(NamedTuple):
    name: str
    method: str
    status: int


_NEXT_SONG = _Page("NextSong", "PUT", 200)
_PAGES = tuple(_Page(*page) for page in (
    ("Home", "GET", 200), ("Home", "GET", 200), ("Thumbs Up", "PUT", 307), ("Settings", "GET", 200),
    ("Add to Playlist", "PUT", 200), ("Help", "GET", 200), ("About", "GET", 200),
    ("Save Settings", "PUT", 307), ("Roll Advert", "GET", 200), ("Error", "GET", 404),
    ("Add Friend", "PUT", 307), ("Thumbs Down", "PUT", 307), ("Downgrade", "GET", 200),
    ("Upgrade", "GET", 200), ("Change of plan", "PUT", 307), ("Logout", "PUT", 307),
))  # fmt: skip
"""Of the last two, several lines each."""
_HOME = _PAGES[0]
_CHANGE_OF_PLAN, _LOGOUT = len(_PAGES) - 2, len(_PAGES) - 1

_ODDS = 1 << 12
"""Of which each fault has some."""
_DUPLICATE, _OTHER_LEVEL, _OTHER_AGENT, _OTHER_LENGTH, _LATE, _LATE_COPY = 40, 60, 80, 120, 200, 240
_LAST_HOURS_MILLIS = 3 * 3_600_000
"""Before midnight: what is late is from then."""
_SILENT_CHANGE_ODDS = 40
"""One user of so many changes the plan between two days."""


@dataclass(frozen=True, slots=True)
class LogTruth:
    """What a day's file holds."""

    path: Path
    lines: int
    plays: int
    """Plays of the day, those among them that another file holds; without what repeats them."""
    duplicates: int
    """Lines that are there more often than once, each time after the first."""
    near_duplicates: int
    """Lines that are a play once more, with another level or user agent."""
    late: int
    """Lines of the day before, besides those of sessions that go on."""


class _Draw(NamedTuple):
    """What is drawn for one event, each from 0 on."""

    slot: int
    song: int
    known: int
    fault: int
    session: int
    page: int


@dataclass(slots=True)
class _Session:
    """What is open on one device."""

    number: int
    listener: Listener
    agent: str
    items: int = 0


def log_file(day: datetime.date) -> str:
    """The path of a day's file, for example `2018/11/2018-11-01-events.json`."""
    return f"{day:%Y/%m}/{day}-events.json"


def write_logs(
    folder: Path,
    *,
    first_day: datetime.date,
    days: int,
    plays: int,
    users: int,
    songs: Sequence[Song],
    seed: int = 0,
) -> Iterator[LogTruth]:
    """Write the files of some days in turn; the same arguments give the same bytes.

    A day is written when the iterator is advanced, in memory that does not grow with its plays. An
    event comes in the order of its time, but for what is late or repeated, and what follows it at
    once. What is late on the last day stands at the end of its file.

    Args:
        folder: that the files' folders are made in.
        first_day: of the files, in UTC.
        days: how many files.
        plays: of songs a day, in UTC.
        users: who listen, 1 at least.
        songs: that have metadata; three in four plays are of them.
        seed: another gives other logs.

    Raises:
        ValueError: there are no users, plays or songs.
    """
    if min(users, plays, len(songs)) < 1:
        message = "users, plays and songs should be 1 at least, not"
        raise ValueError(f"{message} {users}, {plays} and {len(songs)}")
    writer = _Writer(plays, users, songs, seed)
    for number in range(days):
        yield writer.write(
            folder, first_day + datetime.timedelta(number), is_last=number == days - 1
        )


class _Writer:
    """Writes one day after the other."""

    def __init__(self, plays: int, users: int, songs: Sequence[Song], seed: int) -> None:
        self._plays = plays
        self._rng = np.random.default_rng([seed, plays, users, len(songs)])
        self._songs = [
            _song_texts(song.title, song.artist.name, str(song.duration)) for song in songs
        ]
        self._others = [_song_texts(*texts) for texts in _UNKNOWN_SONGS]
        self._listeners = make_listeners(users, seed=seed)
        count = min(users, max(1, plays // _PLAYS_OF_A_LISTENER))
        self._idle = self._listeners[count:]
        self._number = 0
        self._sessions = [self._new_session(listener) for listener in self._listeners[:count]]
        self._late: list[str] = []
        self._lines: list[str] = []

    def write(self, folder: Path, day: datetime.date, *, is_last: bool) -> LogTruth:
        """Write a day's file."""
        path = folder / log_file(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._duplicates = self._near = self._count = 0
        late = len(self._late)
        midnight = (day - _EPOCH).days * _DAY_MILLIS
        self._late_from = midnight + _DAY_MILLIS - _LAST_HOURS_MILLIS
        self._lines, self._late = self._late, []
        with path.open("w", encoding="ascii", newline="\n") as file:
            for first in range(0, self._plays, _CHUNK_PLAYS):
                plays = min(_CHUNK_PLAYS, self._plays - first)
                self._write_chunk(midnight, first, plays)
                self._flush(file)
            if is_last:
                self._lines, self._late = self._late, []
                self._flush(file)
        self._change_plans()
        return LogTruth(path, self._count, self._plays, self._duplicates, self._near, late)

    def _flush(self, file: IO[str]) -> None:
        file.writelines(self._lines)
        self._count += len(self._lines)
        self._lines = []

    def _write_chunk(self, midnight: int, first: int, plays: int) -> None:
        """The events around some plays of the day."""
        others = plays // _OTHERS_OF_PLAYS + 1
        is_play = self._rng.permutation(np.arange(plays + others) < plays).tolist()
        begin, end = (_DAY_MILLIS * number // self._plays for number in (first, first + plays))
        times = np.sort(self._rng.integers(begin, end, plays + others)) + midnight
        limits = _Draw(
            slot=len(self._sessions), song=1 << 30, known=4, fault=_ODDS,
            session=_PLAYS_A_SESSION, page=len(_PAGES),
        )  # fmt: skip
        drawn = [self._rng.integers(0, limit, plays + others).tolist() for limit in limits]
        for millis, play, *each in zip(times.tolist(), is_play, *drawn, strict=True):
            draw = _Draw._make(each)
            if draw.session == 0:
                self._renew(draw.slot)
            session = self._sessions[draw.slot]
            if play:
                self._play(session, millis, draw)
            elif draw.page == _CHANGE_OF_PLAN:
                self._change_plan(session, millis)
            elif draw.page == _LOGOUT:
                self._log_out_and_in(session, millis)
            else:
                self._lines.append(_line(session, millis, _PAGES[draw.page]))

    def _play(self, session: _Session, millis: int, draw: _Draw) -> None:
        """A song that is played, with what goes wrong in its log."""
        if draw.known:
            # Some songs are played much more than others.
            share = draw.song / (1 << 30)
            texts = self._songs[int(share * share * len(self._songs))]
        else:
            texts = self._others[draw.song % len(self._others)]
        if _OTHER_AGENT <= draw.fault < _OTHER_LENGTH:
            texts = (texts[0], texts[1] + "1", texts[2])  # no song is of this length
        line = _line(session, millis, _NEXT_SONG, texts)
        is_late = millis >= self._late_from and draw.fault >= _OTHER_LENGTH
        if is_late and draw.fault < _LATE:
            self._late.append(line)
            return
        self._lines.append(line)
        if is_late and draw.fault < _LATE_COPY:
            self._late.append(line)
            self._duplicates += 1
        elif draw.fault < _DUPLICATE:
            self._lines.append(line)
            self._duplicates += 1
        elif draw.fault < _OTHER_AGENT:
            session.items -= 1
            level, agent = session.listener.level, session.agent
            if draw.fault < _OTHER_LEVEL:
                session.listener.level = _other(level)
            else:
                session.agent = next(each for each in session.listener.agents if each != agent)
            self._lines.append(_line(session, millis, _NEXT_SONG, texts))
            session.listener.level, session.agent = level, agent
            self._near += 1

    def _change_plan(self, session: _Session, millis: int) -> None:
        change = "Upgrade" if session.listener.level == "free" else "Downgrade"
        self._lines.append(_line(session, millis, _Page(change, "GET", 200)))
        self._lines.append(_line(session, millis + 1, _Page(f"Submit {change}", "PUT", 307)))
        session.listener.level = _other(session.listener.level)

    def _log_out_and_in(self, session: _Session, millis: int) -> None:
        self._lines += [
            _line(session, millis, _PAGES[_LOGOUT]),
            _logged_out(session, millis + 1, _HOME),
            _logged_out(session, millis + 1, _Page("Login", "PUT", 307)),
            _line(session, millis + 2, _HOME),
        ]

    def _change_plans(self) -> None:
        """Between two days, some plans change without an event."""
        drawn = self._rng.integers(0, _SILENT_CHANGE_ODDS, len(self._listeners))
        for number in np.flatnonzero(drawn == 0).tolist():
            listener = self._listeners[number]
            listener.level = _other(listener.level)

    def _renew(self, slot: int) -> None:
        """Another session: of a user who was not there, where there is one."""
        listener = self._sessions[slot].listener
        if self._idle:
            index = int(self._rng.integers(0, len(self._idle)))
            self._idle[index], listener = listener, self._idle[index]
        self._sessions[slot] = self._new_session(listener)

    def _new_session(self, listener: Listener) -> _Session:
        self._number += 1
        return _Session(self._number, listener, listener.agents[self._number % 2])


_NO_SONG = ("null", "null", "null")


def _line(
    session: _Session, millis: int, page: _Page, song: tuple[str, str, str] = _NO_SONG
) -> str:
    """An event of a user; the session's next."""
    listener, item = session.listener, session.items
    session.items += 1
    artist, length, title = song
    return (
        f'{{"artist":{artist},"auth":"Logged In",{listener.name_gender},"itemInSession":{item},'
        f'"lastName":{listener.last_name},"length":{length},"level":"{listener.level}",'
        f'"location":{listener.location},"method":"{page.method}","page":"{page.name}",'
        f'"registration":{listener.registration},"sessionId":{session.number},"song":{title},'
        f'"status":{page.status},"ts":{millis},"userAgent":{session.agent},'
        f'"userId":{listener.user_id}}}\n'
    )


def _logged_out(session: _Session, millis: int, page: _Page) -> str:
    """An event of nobody that is known; the session's next."""
    item = session.items
    session.items += 1
    return (
        '{"artist":null,"auth":"Logged Out","firstName":null,"gender":null,'
        f'"itemInSession":{item},"lastName":null,"length":null,"level":"{session.listener.level}","location":null,'
        f'"method":"{page.method}","page":"{page.name}","registration":null,"sessionId":{session.number},'
        f'"song":null,"status":{page.status},"ts":{millis},"userAgent":null,"userId":""}}\n'
    )


def _song_texts(title: str, artist: str, length: str) -> tuple[str, str, str]:
    """Artist, length and title as JSON."""
    return json_text(artist), length, json_text(title)


def _other(level: str) -> str:
    return "free" if level == "paid" else "paid"
