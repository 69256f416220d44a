"""Daily quotes in the layout of B3's COTAHIST: cash, odd lots, forwards and options.

The companies do not exist and the prices are drawn, but markets, codes, terms, expiries and
amounts are of the kind that B3 writes, and the amounts of a row agree with each other.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTHS = {
    "tipreg": 2, "data": 8, "codbdi": 2, "codneg": 12, "tpmerc": 3, "nomres": 12, "especi": 10,
    "prazot": 3, "modref": 4, "preabe": 13, "premax": 13, "premin": 13, "premed": 13, "preult": 13,
    "preofc": 13, "preofv": 13, "totneg": 5, "quatot": 18, "voltot": 18, "preexe": 13, "indopc": 1,
    "datven": 8, "fatcot": 7, "ptoexe": 13, "codisi": 12, "dismes": 3,
}  # fmt: skip
"""The fields of a quote in their order, and their bytes."""

_ENDS = np.cumsum(list(WIDTHS.values())).tolist()
PLACES = {
    name: slice(end - width, end) for (name, width), end in zip(WIDTHS.items(), _ENDS, strict=True)
}
"""The bytes of each field in a line."""
RECORD_BYTES: int = _ENDS[-1]

_LINE_END = b"\r\n"
_NO_EXPIRY = "99991231"
_FRIDAY = 4

# A chunk of lines in memory is this many companies with all their papers: 12 MB.
_CHUNK_COMPANIES = 1000
_LETTERS = 26
_MOST_COMPANIES = _LETTERS**4  # that a trading code's four letters tell apart
_TRADES = (
    "AÇOS", "AÇÚCAR", "ÁGUAS", "BANCO", "CAFÉ", "CIMENTO", "ENERGIA", "MINERAÇÃO", "PAPÉIS",
    "SAÚDE", "TÊXTIL",
)  # fmt: skip
_REGIONS = ("SUL", "NORTE", "VALE", "CEARÁ", "GOIÁS", "PARÁ", "BAHIA", "MAUÁ", "AMAPÁ", "ACRE")


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """What a sample file holds."""

    lines: int
    """All of them, header and trailer included."""
    rows: int
    """Good quotes; no two have the same key."""
    malformed: int
    """Lines that are no quote."""
    total_voltot: Decimal
    """The value traded, summed over the good quotes."""


@dataclass(frozen=True, slots=True)
class _Paper:
    """What every company has one of."""

    suffix: str  # of the trading code, after the company's four letters
    codbdi: str
    tpmerc: str
    especi: str
    prazot: str = "   "
    isin: str = "ACNOR4"
    expiry: str = _NO_EXPIRY
    strike_percent: int = 0  # of the share's price; 0: no option
    lot: int = 100  # units a trade


def file_name(trading_day: datetime.date) -> str:
    """The name that B3 gives a day's file, for example `COTAHIST_D25062021.TXT`."""
    return f"COTAHIST_D{trading_day:%d%m%Y}.TXT"


def write_quotes(
    path: Path, *, trading_day: datetime.date, rows: int, malformed: int = 0, seed: int = 0
) -> SampleTruth:
    """Write a day's file of quotes; the same arguments give the same bytes.

    Args:
        path: the file, replaced where it exists.
        trading_day: of all quotes.
        rows: good quotes, 1 at least.
        malformed: lines among them, in turn with a date that does not exist, with letters in a
            number, too short, and of an unknown type.
        seed: another gives other companies' prices.

    Raises:
        ValueError: there are not as many papers as `rows`.
    """
    papers = _papers(trading_day)
    if not 1 <= rows <= _MOST_COMPANIES * len(papers):
        raise ValueError(f"rows should be 1 to {_MOST_COMPANIES * len(papers)}, not {rows}")
    rng = np.random.default_rng([seed, trading_day.toordinal()])
    broken_before = np.sort(rng.integers(0, rows, malformed))
    lines = rows + malformed + 2
    total_cents = 0
    with path.open("wb") as file:
        file.write(_control("00", trading_day, ""))
        kind = 0
        for first in range(0, rows, _CHUNK_COMPANIES * len(papers)):
            numbers = np.arange(first, min(first + _CHUNK_COMPANIES * len(papers), rows))
            quotes, cents = _quotes(rng, numbers, papers, trading_day)
            total_cents += cents
            within = broken_before[(broken_before >= first) & (broken_before <= numbers[-1])]
            written = 0
            for row in (within - first).tolist():
                file.write(quotes[written:row].data)
                file.write(_malformed(quotes[row].tobytes(), kind))
                written, kind = row, kind + 1
            file.write(quotes[written:].data)
        file.write(_control("99", trading_day, f"{lines:011}"))
    return SampleTruth(lines, rows, malformed, Decimal(total_cents).scaleb(-2))


def _papers(trading_day: datetime.date) -> list[_Paper]:
    shares = (("3", "ON", "ACNOR4"), ("4", "PN", "ACNPR6"), ("11", "UNT", "CDAM01"))
    papers = [_Paper(code, "02", "010", kind, isin=isin) for code, kind, isin in shares]
    papers += [
        _Paper(f"{code}F", "96", "020", kind, isin=isin, lot=7) for code, kind, isin in shares
    ]
    papers += [_Paper("3T", "62", "030", "ON", prazot=f"{days:03}") for days in (16, 30, 60, 90)]
    for months in (1, 2):
        expiry = _expiry(trading_day, months)
        for codbdi, tpmerc, first_letter in (("78", "070", "A"), ("82", "080", "M")):
            letter = chr(ord(first_letter) + expiry.month - 1)
            papers += [
                _Paper(f"{letter}{percent}", codbdi, tpmerc, "ON", "000",
                       expiry=f"{expiry:%Y%m%d}", strike_percent=percent)
                for percent in range(80, 130, 5)
            ]  # fmt: skip
    return papers


def _expiry(trading_day: datetime.date, months: int) -> datetime.date:
    """The third Friday of a month after the trading day's."""
    years, month = divmod(trading_day.month - 1 + months, 12)
    first = datetime.date(trading_day.year + years, month + 1, 1)
    return first + datetime.timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _quotes(
    rng: np.random.Generator,
    numbers: NDArray[np.int64],
    papers: list[_Paper],
    trading_day: datetime.date,
) -> tuple[NDArray[np.uint8], int]:
    """The lines of some quotes, each a company's paper, and their value traded in cents."""
    companies, company = np.unique(numbers // len(papers), return_inverse=True)
    paper = numbers % len(papers)
    roots = [_root(index) for index in companies.tolist()]
    suffixes = [each.suffix for each in papers]
    lines = np.full((len(numbers), RECORD_BYTES + len(_LINE_END)), ord(" "), np.uint8)
    lines[:, RECORD_BYTES:] = list(_LINE_END)

    def put(name: str, texts: Iterable[str], which: NDArray[np.int64]) -> None:
        lines[:, PLACES[name]] = _texts(texts, WIDTHS[name])[which]

    every = np.zeros_like(paper)
    put("tipreg", ["01"], every)
    put("data", [f"{trading_day:%Y%m%d}"], every)
    put("codbdi", (each.codbdi for each in papers), paper)
    put("codneg", (root + suffix for root in roots for suffix in suffixes),
        company * len(papers) + paper)  # fmt: skip
    put("tpmerc", (each.tpmerc for each in papers), paper)
    put("nomres", map(_company_name, companies.tolist()), company)
    put("especi", (each.especi for each in papers), paper)
    put("prazot", (each.prazot for each in papers), paper)
    put("modref", ["R$"], every)
    put("datven", (each.expiry for each in papers), paper)
    put("codisi", (f"BR{root}{each.isin}" for root in roots for each in papers),
        company * len(papers) + paper)  # fmt: skip
    amounts = _amounts(rng, company, paper, papers)
    for name, values in amounts.items():
        _put_digits(lines[:, PLACES[name]], values)
    return lines, int(amounts["voltot"].sum())


def _amounts(
    rng: np.random.Generator,
    company: NDArray[np.int64],
    paper: NDArray[np.int64],
    papers: list[_Paper],
) -> dict[str, NDArray[np.int64]]:
    """The numbers of each quote: prices and values in cents."""
    count = len(paper)
    share = rng.integers(200, 8000, company[-1] + 1)[company]
    percent = np.array([each.strike_percent for each in papers])[paper]
    is_put = np.array([each.tpmerc == "080" for each in papers])[paper]
    strike = share * percent // 100
    intrinsic = np.maximum(np.where(is_put, strike - share, share - strike), 0)
    level = np.where(percent > 0, intrinsic + share // 50, share)
    drawn = np.maximum(level[:, None] * rng.integers(970, 1031, (count, 4)) // 1000, 1)
    opening, average, last = drawn[:, 0], drawn[:, 1], drawn[:, 2]
    trades = rng.integers(1, 2000, count)
    units = trades * np.array([each.lot for each in papers])[paper]
    nothing = np.zeros(count, np.int64)
    return {
        "preabe": opening,
        "premax": drawn.max(axis=1),
        "premin": drawn.min(axis=1),
        "premed": average,
        "preult": last,
        "preofc": np.where(rng.integers(0, 3, count) == 0, 0, last - 1),
        "preofv": np.where(rng.integers(0, 3, count) == 0, 0, last + 1),
        "totneg": trades,
        "quatot": units,
        "voltot": average * units,
        "preexe": strike,
        "indopc": nothing,
        "fatcot": nothing + 1,
        "ptoexe": nothing,
        "dismes": 100 + company % 100,
    }


def _put_digits(field: NDArray[np.uint8], values: NDArray[np.int64]) -> None:
    for position in reversed(range(field.shape[1])):
        values, digit = np.divmod(values, 10)
        field[:, position] = digit + ord("0")


def _texts(texts: Iterable[str], width: int) -> NDArray[np.uint8]:
    """Texts in the file's encoding, cut or filled up to `width` bytes, one a row."""
    joined = b"".join(text[:width].ljust(width).encode("latin-1") for text in texts)
    return np.frombuffer(joined, np.uint8).reshape(-1, width)


def _root(company: int) -> str:
    """Four letters, another for each company, in no visible order."""
    number = (company * 175_447 + 12_345) % _MOST_COMPANIES
    letters = ""
    for _ in range(4):
        number, letter = divmod(number, _LETTERS)
        letters += chr(ord("A") + letter)
    return letters


def _company_name(company: int) -> str:
    region, trade = divmod(company, len(_TRADES))
    return f"{_TRADES[trade]} {_REGIONS[region % len(_REGIONS)]}"


def _control(record_type: str, trading_day: datetime.date, count: str) -> bytes:
    """The header or the trailer."""
    text = f"{record_type}COTAHIST.{trading_day:%Y}BOVESPA {trading_day:%Y%m%d}{count}"
    return text.encode("ascii").ljust(RECORD_BYTES) + _LINE_END


def _malformed(line: bytes, kind: int) -> bytes:
    """A quote's line, broken in one of four ways."""

    def replaced(name: str, field: bytes) -> bytes:
        return line[: PLACES[name].start] + field + line[PLACES[name].stop :]

    match kind % 4:
        case 0:
            return replaced("datven", line[PLACES["data"]][:4] + b"0231")
        case 1:
            return replaced("quatot", b"N/A".rjust(WIDTHS["quatot"]))
        case 2:
            return line[: PLACES["voltot"].start] + _LINE_END
        case _:
            return replaced("tipreg", b"07")
