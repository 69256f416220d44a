"""What engines cannot do is said when a data set is loaded, or its DAG is parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from lake.dataset import DataSet, DataSetError, load_data_set
from lake.engines.limits import EngineMissing, engine_for, require_engines

TRADES = """
description: Trades of a day
owner: tests
schedule: null
layout: {format: fixed_width, record_length: 22}
columns:
  - {name: at, type: timestamp, format: YYYYMMDDhhmmss, position: 1, width: 14, description: When}
  - {name: paper, type: string, position: 15, width: 4, description: Paper}
  - {name: price, type: "decimal(4,2)", position: 19, width: 4, description: Price}
"""


def load(folder: Path, **changes: object) -> DataSet:
    path = folder / "market" / "trades.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({**yaml.safe_load(TRADES), **changes}))
    return load_data_set(path)


def test_a_worker_reads_everything(tmp_path: Path) -> None:
    assert load(tmp_path, source={"compression": "gzip"}).engine == "worker"


@pytest.mark.parametrize("asks", [{"engine": "athena"}, {"engine": "auto"}])
def test_athena_writes_no_timestamps(tmp_path: Path, asks: dict[str, str]) -> None:
    message = (
        "engine: athena does not read `columns[0] (at)`: leave the files to a worker, or spark"
    )
    with pytest.raises(DataSetError, match=re.escape(message)):
        load(tmp_path, **asks)


def test_spark_does(tmp_path: Path) -> None:
    assert load(tmp_path, engine="spark").engine == "spark"
    assert load(tmp_path, engine="auto", run={"hand_over_to": "spark"}).engine == "auto"


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("source.compression", {"source": {"compression": "gzip"}}),
        (
            "layout.encoding",
            {"layout": {"format": "fixed_width", "record_length": 22, "encoding": "utf-16"}},
        ),
        (
            "layout.line_end",
            {"layout": {"format": "fixed_width", "record_length": 22, "line_end": "none"}},
        ),
    ],
)
def test_what_no_engine_reads_is_left_to_a_worker(
    tmp_path: Path, key: str, changes: dict[str, object]
) -> None:
    message = f"engine: spark does not read `{key}`: leave the files to a worker; expected"
    with pytest.raises(DataSetError, match=re.escape(message)):
        load(tmp_path, engine="spark", **changes)


ORDERS = """
description: Orders of a day
owner: tests
schedule: null
layout: {format: delimited, delimiter: ";", quote: null}
columns:
  - {name: at, type: date, description: When}
  - {name: paper, type: string, description: Paper}
"""
AT = {"name": "at", "type": "timestamp", "description": "When"}


@pytest.mark.parametrize(
    ("key", "engines", "changes"),
    [
        (
            "layout.trailer",
            ("athena", "spark"),
            {"layout": {"format": "delimited", "trailer": {"pattern": "T.*"}}},
        ),
        (
            "layout.delimiter",
            ("athena",),
            {"layout": {"format": "delimited", "delimiter": "\x01", "quote": None}},
        ),
        ("columns[0] (at)", ("athena",), {"columns": [AT]}),
        (
            "layout.format",
            ("athena", "spark"),
            {"layout": {"format": "json"}},
        ),
    ],
)
def test_what_an_engine_does_not_read_of_other_formats(
    tmp_path: Path, key: str, engines: tuple[str, ...], changes: dict[str, object]
) -> None:
    for engine in ("athena", "spark"):
        orders = {**yaml.safe_load(ORDERS), **changes, "engine": engine}
        if engine not in engines:
            assert load(tmp_path, **orders).engine == engine
            continue
        with pytest.raises(DataSetError, match=re.escape(f"{engine} does not read `{key}`")):
            load(tmp_path, **orders)


def test_both_engines_read_delimited_files(tmp_path: Path) -> None:
    for engine in ("athena", "spark"):
        assert load(tmp_path, **yaml.safe_load(ORDERS), engine=engine).engine == engine


def test_an_environment_without_spark_refuses_a_data_set_that_needs_it(tmp_path: Path) -> None:
    data_set = load(tmp_path, engine="auto", run={"hand_over_to": "spark"})
    require_engines(data_set, spark_application_id="00f1")
    with pytest.raises(EngineMissing, match=r"market/trades\.yaml hands files to spark, which"):
        require_engines(data_set, spark_application_id=None)
    require_engines(load(tmp_path), spark_application_id=None)


def test_auto_hands_over_what_is_larger_than_the_data_set_says(tmp_path: Path) -> None:
    run = {"hand_over_to": "spark", "hand_over_bytes": 1000}
    data_set = load(tmp_path, engine="auto", run=run)
    assert [engine_for(data_set, size) for size in (999, 1000, 1001)] == [
        "worker",
        "worker",
        "spark",
    ]
    assert engine_for(load(tmp_path), 10**15) == "worker"
    assert engine_for(load(tmp_path, engine="spark"), 0) == "spark"
