"""Those who listen: who they are, in the text of a log's line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_FIRST_NAMES = (
    ("Walter", "M"), ("Kaylee", "F"), ("Sylvie", "F"), ("José", "M"), ("Zoë", "F"), ("Aiden", "M"),
    ("Chloé", "F"), ("Łukasz", "M"), ("D'Arcy", "F"), ("美咲", "F"), ("Jayden", "M"), ("Lily", "F"),
)  # fmt: skip
_LAST_NAMES = (
    "Frye", "Summers", "Cruz", "Núñez", "O'Neil", "Müller", "Koch", "van der Berg", "Ångström",
    "Smith-Jones", "Graves", "佐藤", 'Bell "Jr."',
)  # fmt: skip
_LOCATIONS = (
    "San Francisco-Oakland-Hayward, CA", "Phoenix-Mesa-Scottsdale, AZ", "Klamath Falls, OR",
    "New York-Newark-Jersey City, NY-NJ-PA", "San Juan-Carolina-Caguas, PR", "Mayagüez, PR",
    "Chicago-Naperville-Elgin, IL-IN-WI",
)  # fmt: skip
_AGENTS = (
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.36 (KHTML, like Gecko) '
    'Chrome/36.0.1985.143 Safari/537.36"',
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    '"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like '
    'Gecko) Version/7.0 Mobile/11D257 Safari/9537.53"',
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)",
)
_FIRST_REGISTRATION = 1_537_000_000_796  # September of 2018
_REGISTRATION_MILLIS = 45 * 86_400_000
FIRST_USER_ID = 2


class _Draw(NamedTuple):
    """What is drawn for one user, each from 0 on."""

    first_name: int
    last_name: int
    location: int
    agent: int
    registered: int
    plan: int


_MOST = _Draw(
    first_name=len(_FIRST_NAMES), last_name=len(_LAST_NAMES), location=len(_LOCATIONS),
    agent=len(_AGENTS), registered=_REGISTRATION_MILLIS, plan=3,
)  # fmt: skip


@dataclass(slots=True)
class Listener:
    """A user, as the parts of a line that stay the same."""

    user_id: str
    """As JSON: a text."""
    name_gender: str
    last_name: str
    location: str
    registration: str
    agents: tuple[str, str]
    """The user agents that the user has."""
    level: str
    """`free` or `paid`; it changes."""


def make_listeners(count: int, *, seed: int) -> list[Listener]:
    """Users, the first of whom has the identifier 2; one in three pays."""
    rng = np.random.default_rng([seed, count, 1])
    columns = [rng.integers(0, most, count).tolist() for most in _MOST]
    drawn = map(_Draw._make, zip(*columns, strict=True))
    return [_listener(FIRST_USER_ID + number, draw) for number, draw in enumerate(drawn)]


def _listener(user_id: int, draw: _Draw) -> Listener:
    first_name, gender = _FIRST_NAMES[draw.first_name]
    agent, other = _AGENTS[draw.agent], _AGENTS[(draw.agent + 1) % len(_AGENTS)]
    return Listener(
        user_id=f'"{user_id}"',
        name_gender=f'"firstName":{json_text(first_name)},"gender":"{gender}"',
        last_name=json_text(_LAST_NAMES[draw.last_name]),
        location=json_text(_LOCATIONS[draw.location]),
        registration=f"{_FIRST_REGISTRATION + draw.registered}.0",
        agents=(json_text(agent), json_text(other)),
        level="free" if draw.plan else "paid",
    )


def json_text(text: str) -> str:
    """As JSON, with the escapes that pandas writes: of what is no ASCII, and of slashes."""
    return json.dumps(text).replace("/", "\\/")
