"""Files that the tests propose data sets for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORDERS = {
    "numero": "int",
    "customer": "string",
    "ordered": "date",
    "registered": "timestamp",
    "amount": "decimal(9,2)",
    "gift": "boolean",
    "zip_code": "string",
    "notes": "string",
}
"""The columns of `orders` and their types."""


def orders(path: Path, *, rows: int) -> Path:
    """Semicolons, quotes with delimiters and line breaks in them, latin-1, decimal comma."""
    lines = ["Número;Customer;Ordered;Registered;Amount;Gift;Zip code;Notes\n"]
    for number in range(rows):
        day = f"{number % 28 + 1:02}/{number % 3 + 1:02}/2024"
        amount = f"{number % 9 + 1}.{number % 1000:03},{number % 100:02}"
        notes = '"Leave it;\n""here"""' if number % 5 == 0 else ""
        lines.append(
            f'{number + 1};"João; {number % 7}";{day};2024-01-02 03:04:{number % 60:02};{amount};'
            f"{'SN '[number % 3].strip()};{number % 100:05};{notes}\n"
        )
    path.write_bytes("".join(lines).encode("latin-1"))
    return path


def positions(path: Path, *, rows: int) -> Path:
    """Fixed width: a header, records, a trailer that counts all lines."""
    lines = ["00POSITIONS".ljust(42)]
    for number in range(rows):
        price = f"{number * 7.25 + 1:9.2f}"
        temperature = "-9999" if number % 10 == 0 else f"{number % 40 - 5:5}"
        name = ("ANA LIMA", "BO", "JOSE SILVA")[number % 3]
        lines.append(f"01{number:06}202401{number % 28 + 1:02}{name:12}{price}{temperature}")
    lines.append(f"99{rows + 2:09}".ljust(42))
    path.write_text("\r\n".join(lines) + "\r\n", newline="")
    return path


def events(path: Path, *, how: str, rows: int) -> Path:
    """JSON: lines, an array, or a document with the records inside of it."""
    records: list[dict[str, Any]] = [
        {
            "eventId": number,
            "at": f"2024-01-02T03:04:{number % 60:02}.123-03:00",
            "user": {"name": f"user {number % 9}", "tags": ["a", "b"][: number % 3]},
            "amount": number + 0.25,
            "ok": number % 2 == 0,
            "items": [{"sku": "a", "n": number}],
            "mixed": number if number % 2 else f"text {number}",
            "count": None if number % 3 else number,
        }
        for number in range(rows)
    ]
    match how:
        case "lines":
            path.write_text("".join(json.dumps(record) + "\n" for record in records))
        case "array":
            path.write_text(json.dumps(records, indent=1))
        case _:
            path.write_text(json.dumps({"page": 1, "result": {"events": records}}, indent=1))
    return path
