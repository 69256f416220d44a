"""Fields that no column reads are counted, in some records of each file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from lake.convert import convert
from lake.convert.json_text.unknown import FIRST_RECORDS
from lake.dataset import load_data_set

EVENTS = """
description: Events
owner: tests
schedule: null
layout: {format: json}
columns:
  - {name: id, type: int, description: Identifier}
  - {name: city, type: string, path: place.city, nullable: true, description: City}
  - {name: device, type: "struct<os:string,screen:struct<width:int>>", nullable: true,
     description: Device}
  - {name: first, type: int, path: list.0.n, nullable: true, description: First}
"""


def unknown(tmp_path: Path, *records: Any, checks: str = "checks: {schema_drift: {}}") -> Any:
    file = tmp_path / "web" / "events.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{EVENTS}{checks}\n")
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    made = convert(load_data_set(file), io.BytesIO(lines), folder=tmp_path / "out")
    assert made.counts.rows == len(records)
    return made.facts.get("unknown_fields")


def test_a_field_is_counted_by_its_path(tmp_path: Path) -> None:
    assert unknown(
        tmp_path,
        {"id": 1, "debug": None, "place": {"city": "a", "zip": 3}},
        {"id": 2, "debug": {"x": 1}, "device": {"os": "b", "screen": {"width": 1, "height": 2}}},
        {"id": 3, "place": None, "list": [{"n": 1, "m": 2}]},
    ) == {"debug": 2, "place.zip": 1, "device.screen.height": 1}


def test_nothing_is_said_where_every_field_is_read(tmp_path: Path) -> None:
    assert unknown(tmp_path, {"id": 1, "list": [{"n": 1}, 5]}, {"id": 2}) is None


def test_nobody_looks_without_the_check(tmp_path: Path) -> None:
    assert unknown(tmp_path, {"id": 1, "debug": 1}, checks="") is None


def test_of_a_large_file_some_records_are_looked_at(tmp_path: Path) -> None:
    found = unknown(tmp_path, *({"id": n, "debug": "x" * 100} for n in range(10_000)))
    assert FIRST_RECORDS <= found["debug"] < 1000
