"""Click events of a web shop as JSON lines, as a browser's tracker sends them.

The shop, its customers and its goods do not exist. A line has more than the data set keeps, nested
as such events are, and the value of a basket is the sum of what is in it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_CHUNK_ROWS = 1 << 14
_DAY_MILLIS = 86_400_000
_MIX = 0x9E37_79B9_7F4A_7C15  # odd, so that no two numbers below 2**64 become the same

_TYPES = ("page_view", "page_view", "page_view", "click", "search", "add_to_basket", "purchase")
_COUNTRIES = ("BR", "BR", "BR", "PT", "AR", "CL", "US")
_GOODS = ("café", "açúcar", "pão", "farinha", "feijão", "guaraná", "limão", "maçã", "queijo", "chá")
_PLACES = ("loja", "ofertas", "busca", "novidades")
_CAMPAIGNS = ("verao", "frete-gratis", "newsletter", "volta-as-aulas", "natal")
_DEVICES: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {"kind": "mobile", "os": "Android 14", "browser": "Chrome 126",
         "screen": {"width": 412, "height": 915}},
        "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Mobile Safari/537.36",
    ),
    (
        {"kind": "mobile", "os": "iOS 18.2", "browser": "Safari 18",
         "screen": {"width": 393, "height": 852}},
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/18.2 Mobile/15E148 Safari/604.1",
    ),
    (
        {"kind": "desktop", "os": "Windows 11", "browser": "Edge 126",
         "screen": {"width": 1920, "height": 1080}},
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
    ),
    (
        {"kind": "desktop", "os": "Linux", "browser": "Firefox 140",
         "screen": {"width": 2560, "height": 1440}},
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
)  # fmt: skip


_DEVICE_TEXTS = [(json.dumps(device, separators=(",", ":")), agent) for device, agent in _DEVICES]


class _Draw(NamedTuple):
    """What is drawn for one event, each from 0 on."""

    type: int
    millis: int
    delay: int
    session: int
    sequence: int
    signed_in: int
    user: int
    country: int
    place: int
    good: int
    item: int
    campaign: int
    origin: int
    device: int
    robot: int


_MOST = _Draw(
    type=len(_TYPES), millis=_DAY_MILLIS, delay=1500, session=200_000, sequence=60, signed_in=3,
    user=900_000, country=len(_COUNTRIES), place=len(_PLACES), good=len(_GOODS), item=5000,
    campaign=len(_CAMPAIGNS), origin=4, device=len(_DEVICES), robot=50,
)  # fmt: skip
"""None of it as much as this."""


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """What a sample file holds."""

    lines: int
    """All of them."""
    rows: int
    """Good events; no two have the same identifier."""
    malformed: int
    """Lines that are no event of the data set."""
    total_amount: Decimal
    """The baskets' value, summed over the good events."""


def file_name(day: datetime.date) -> str:
    """The name of a day's file, for example `events-2026-03-14.jsonl`."""
    return f"events-{day}.jsonl"


def write_events(
    path: Path, *, day: datetime.date, rows: int, malformed: int = 0, seed: int = 0
) -> SampleTruth:
    """Write a day's file of events; the same arguments give the same bytes.

    Args:
        path: the file, replaced where it exists.
        day: of all events.
        rows: good events, 1 at least.
        malformed: lines among them, in turn with a number that is a string, with a day that does
            not exist, without an identifier, and cut off.
        seed: another gives other events.

    Raises:
        ValueError: there are no `rows`.
    """
    if rows < 1:
        raise ValueError(f"rows should be 1 at least, not {rows}")
    rng = np.random.default_rng([seed, day.toordinal()])
    broken_before = iter([*np.sort(rng.integers(0, rows, malformed)).tolist(), rows])
    next_broken, kind, total_cents = next(broken_before), 0, 0
    with path.open("wb") as file:
        for first in range(0, rows, _CHUNK_ROWS):
            lines = []
            numbers = range(first, min(first + _CHUNK_ROWS, rows))
            for number, drawn in zip(numbers, _draw(rng, len(numbers)), strict=True):
                line, cents = _event(number, drawn, day, seed)
                while number == next_broken:
                    lines.append(_malformed(line, kind))
                    next_broken, kind = next(broken_before), kind + 1
                lines.append(line)
                total_cents += cents
            file.write("".join(lines).encode())
    return SampleTruth(rows + malformed, rows, malformed, Decimal(total_cents).scaleb(-2))


def _draw(rng: np.random.Generator, count: int) -> Iterator[_Draw]:
    """What is drawn for each of some events."""
    columns = [rng.integers(0, most, count).tolist() for most in _MOST]
    return map(_Draw._make, zip(*columns, strict=True))


def _event(number: int, drawn: _Draw, day: datetime.date, seed: int) -> tuple[str, int]:
    """The line of an event, and its basket's value in cents."""
    midnight = (day - datetime.date(1970, 1, 1)).days * _DAY_MILLIS
    received = midnight + drawn.millis + drawn.delay
    event = _TYPES[drawn.type]
    basket, cents = "null", 0
    if event in ("add_to_basket", "purchase"):
        basket, cents = _basket(drawn.item, 1 + drawn.sequence % 4)
    identifier = f"{(number + seed * 0x1_0000_0001) * _MIX % 2**64:016x}{midnight:012x}"
    device, agent = _DEVICE_TEXTS[drawn.device]
    line = (
        f'{{"event_id":"{identifier}","day":"{day}","type":"{event}",'
        f'"occurred_at":"{day}T{_clock(drawn.millis)}Z","received_at":{received},'
        f'"session":{{"id":"s-{drawn.session * _MIX % 2**32:08x}","sequence":{drawn.sequence + 1},'
        f'"new":{_boolean(drawn.sequence == 0)}}},'
        f'"user":{{"id":{drawn.user + 1000 if drawn.signed_in else "null"},'
        f'"country":"{_COUNTRIES[drawn.country]}","consent":{{"analytics":true,"ads":false}}}},'
        f'"page":{_page(drawn)},"device":{device},"user_agent":"{agent}",'
        f'"experiments":[{{"name":"checkout","variant":"{"AB"[drawn.item % 2]}"}}],'
        f'"basket":{basket},"amount":{_decimal(cents) if cents else "null"},'
        f'"flags":{{"bot":{_boolean(drawn.robot == 0)},"sampled":false}}}}\n'
    )
    return line, cents


def _page(drawn: _Draw) -> str:
    place, item = _PLACES[drawn.place], f"{drawn.item:04}"
    url = (
        f"https://www.example.com/{place}/produto-{item}?utm_source=mail&utm_medium=email"
        f"&utm_campaign={_CAMPAIGNS[drawn.campaign]}"
    )
    referrer = "null"
    if drawn.origin:
        referrer = f'"https://busca.example.com/search?q={place}+{item}&page={drawn.origin}"'
    title = f"{_GOODS[drawn.good].capitalize()} nº {item} — Empório São João"
    return f'{{"url":"{url}","title":"{title}","referrer":{referrer}}}'


def _basket(item: int, goods: int) -> tuple[str, int]:
    """Some goods, and what they cost together in cents."""
    entries, cents = [], 0
    for index in range(goods):
        quantity, price = 1 + (item + index) % 3, 150 + (item * 37 + index * 911) % 9000
        entries.append(
            f'{{"sku":"SKU-{(item + index * 17) % 5000:05}","quantity":{quantity},'
            f'"price":{_decimal(price)}}}'
        )
        cents += quantity * price
    return f"[{','.join(entries)}]", cents


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _clock(millis: int) -> str:
    """A time of day to the millisecond."""
    seconds, millis = divmod(millis, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{millis:03}"


def _malformed(line: str, kind: int) -> str:
    """An event's line, broken in one of four ways."""
    match kind % 4:
        case 0:
            at = line.index('"sequence":') + len('"sequence":')
            end = line.index(",", at)
            return f'{line[:at]}"{line[at:end]}"{line[end:]}'
        case 1:
            at = line.index('"day":"') + len('"day":"YYYY-')
            return f"{line[:at]}02-31{line[at + 5 :]}"
        case 2:
            return line.replace('"event_id"', '"id"', 1)
        case _:
            return line[: len(line) // 2] + "\n"
