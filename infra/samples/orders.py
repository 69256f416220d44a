"""Orders of a retailer as its order system exports them: semicolons, quotes and line breaks.

Nobody in it exists. Version 2 of the system writes the columns in another order, and one more.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np

ENCODING = "cp1252"

type Version = Literal[1, 2]

HEADERS: dict[Version, tuple[str, ...]] = {
    1: (
        "Pedido", "Item", "Data", "Registrado em", "Cliente", "Cidade", "UF", "SKU", "Produto",
        "Quantidade", "Preço unitário", "Total", "Canal", "Presente", "Observações",
    ),
    2: (
        "Data", "Registrado em", "Canal", "Pedido", "Item", "SKU", "Produto", "Quantidade",
        "Preço unitário", "Total", "Cupom", "Presente", "Observações", "Cliente", "Cidade", "UF",
    ),
}  # fmt: skip
"""The columns of each version of the order system."""

_CHUNK_ROWS = 20_000
_ITEMS = 3
_UNDEFINED_BYTE = b"\x81"
"""No character of cp1252."""

_FIRST_NAMES = (
    "Ana", "João", "Márcia", "José", "Inês", "Luís", "Conceição", "Antônio", "Helena", "Caio",
)  # fmt: skip
_LAST_NAMES = (
    "Araújo", "Gonçalves", "Lima", "São Thiago", "Pães", "Ribeiro", "Müller", "Brandão", "Sá",
)  # fmt: skip
_CITIES = (
    ("São Paulo", "SP"), ("Goiânia", "GO"), ("Belém", "PA"), ("Maceió", "AL"), ("Curitiba", "PR"),
    ("Vitória", "ES"), ("Cuiabá", "MT"), ("Recife", "PE"), ("Florianópolis", "SC"),
)  # fmt: skip
_PRODUCTS = (
    "Caneca de cerâmica", "Monitor 24\" LED", "Café; torrado e moído, 500 g", "Toalha de algodão",
    "Cabo HDMI 2 m", "Pão de queijo congelado", "Mesa \"Ipê\"; 1,20 m", "Lâmpada 9 W",
)  # fmt: skip
_NOTES = (
    "Deixar na portaria", "Ligar antes;\nnão tocar a campainha", "Cartão: \"Parabéns, vó!\"",
    "Entregar à tarde\nou no sábado", "Embalar em separado",
)  # fmt: skip
_CHANNELS = ("loja", "site", "app", "telefone")
_COUPONS = ("", "", "", "VOLTE10", "NATAL")
_NOTES_PERCENT, _GIFT_PERCENT = 20, 5


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """What a sample file holds."""

    records: int
    """All of them, the header included; a record may be several lines."""
    rows: int
    """Good ones; no two have the same key."""
    malformed: int
    """Records that are no order."""
    total_amount: Decimal
    """Summed over the good ones."""


def file_name(day: datetime.date) -> str:
    """The name of a day's file, for example `pedidos_20261120.csv`."""
    return f"pedidos_{day:%Y%m%d}.csv"


def write_orders(
    path: Path,
    *,
    day: datetime.date,
    rows: int,
    malformed: int = 0,
    seed: int = 0,
    version: Version = 1,
) -> SampleTruth:
    """Write a day's file of orders; the same arguments give the same bytes.

    Args:
        path: the file, replaced where it exists.
        day: of all orders.
        rows: good records, 1 at least.
        malformed: records among them, in turn with a date that does not exist, a number that
            is none, a fraction of a unit, a field too few, a quote that is never closed, and a byte
            that is no character.
        seed: another gives other customers and prices.
        version: of the order system: another order of the columns, and a column more.

    Raises:
        ValueError: `rows` is less than 1.
    """
    if rows < 1:
        raise ValueError(f"rows should be 1 at least, not {rows}")
    rng = np.random.default_rng([seed, day.toordinal()])
    broken_before = np.sort(rng.integers(0, rows, malformed)).tolist()
    total_cents = kind = 0
    with path.open("wb") as file:
        file.write(_line(HEADERS[version]))
        for first in range(0, rows, _CHUNK_ROWS):
            chunk: list[bytes] = []
            numbers = range(first, min(first + _CHUNK_ROWS, rows))
            for number, (record, cents) in zip(numbers, _orders(rng, numbers, day), strict=True):
                while kind < malformed and broken_before[kind] == number:
                    chunk.append(_malformed(record, version, kind))
                    kind += 1
                chunk.append(_line([record[name] for name in HEADERS[version]]))
                total_cents += cents
            file.write(b"".join(chunk))
    total = Decimal(total_cents).scaleb(-2)
    return SampleTruth(rows + malformed + 1, rows, malformed, total)


def _orders(
    rng: np.random.Generator, numbers: range, day: datetime.date
) -> Iterator[tuple[dict[str, str], int]]:
    """The fields of each order item as they are written, and its amount in cents."""
    count = len(numbers)
    # Items of an order share its customer, city, time and channel.
    orders = np.arange(numbers.start, numbers.stop) // _ITEMS
    shared = np.random.default_rng([int(rng.integers(1 << 30)), numbers.start])
    order_draws = shared.integers(0, 1 << 30, (int(orders[-1] - orders[0]) + 1, 4))
    draws = order_draws[orders - orders[0]].tolist()
    quantities = rng.integers(1, 13, count).tolist()
    prices = rng.integers(199, 250_000, count).tolist()
    products = rng.integers(0, 10_000, count).tolist()
    percents = rng.integers(0, 100, (count, 2)).tolist()
    date, stamp = f"{day:%d/%m/%Y}", f"{day:%Y-%m-%d}"
    for index, number in enumerate(numbers):
        who, where, when, how = draws[index]
        city, state = _CITIES[where % len(_CITIES)]
        minutes, second = divmod(when % 86_400, 60)
        quantity, price, product = quantities[index], prices[index], products[index]
        has_notes = percents[index][0] < _NOTES_PERCENT
        yield (
            {
                "Pedido": str(day.toordinal() * 10_000_000 + number // _ITEMS),
                "Item": str(number % _ITEMS + 1),
                "Data": date,
                "Registrado em": f"{stamp} {minutes // 60:02}:{minutes % 60:02}:{second:02}",
                "Cliente": f"{_FIRST_NAMES[who % 10]} {_LAST_NAMES[who // 10 % 9]} {who % 9973}",
                "Cidade": city,
                "UF": state,
                "SKU": f"P{product:05}",
                "Produto": _quoted(_PRODUCTS[product % len(_PRODUCTS)]),
                "Quantidade": str(quantity),
                "Preço unitário": _money(price),
                "Total": _money(quantity * price),
                "Canal": _CHANNELS[how % len(_CHANNELS)],
                "Presente": "S" if percents[index][1] < _GIFT_PERCENT else "N",
                "Observações": _quoted(_NOTES[product % len(_NOTES)]) if has_notes else "",
                "Cupom": _COUPONS[how // 4 % len(_COUPONS)],
            },
            quantity * price,
        )


def _money(cents: int) -> str:
    """As it is written in Brazil: 1.234,56."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02}"


def _quoted(text: str) -> str:
    """As a spreadsheet writes it: in quotes where it has to be."""
    if any(character in text for character in ';"\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _line(fields: Sequence[str]) -> bytes:
    return (";".join(fields) + "\r\n").encode(ENCODING)


def _malformed(record: dict[str, str], version: Version, kind: int) -> bytes:
    """An order's line, broken in one of six ways."""
    names = HEADERS[version]
    broken = record | {"Observações": ""}
    match kind % 6:
        case 0:
            broken["Data"] = "31/02" + record["Data"][-5:]
        case 1:
            broken["Total"] = "1e2"
        case 2:
            broken["Quantidade"] = "12,7"
        case 3:
            names = names[:-1]
        case 4:
            broken["Observações"] = '"Deixar com o vizinho'
        case _:
            line = _line([broken[name] for name in names])
            return line.replace(b";P", b";" + _UNDEFINED_BYTE, 1)
    return _line([broken[name] for name in names])
