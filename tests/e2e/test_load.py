"""Files land, Airflow on the embedded MWAA loads them, Athena answers."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.settings import REPOSITORY
from infra.samples import events, orders
from infra.samples.cotahist import write_quotes
from tests.deployed_lake import wait_for

from .conftest import PARSED_WITHIN_SECONDS, Lab, changed

pytestmark = pytest.mark.e2e

REAL_DAY = REPOSITORY / "tests" / "data" / "cotahist" / "COTAHIST_D25062021.TXT.gz"
REAL_ROWS, REAL_VALUE = 7_518, Decimal("33577581321.31")
QUOTES = "market/quotes"
DATA_SET = ("--dataset", QUOTES)


@pytest.fixture
def real_day(tmp_path: Path) -> Path:
    path = tmp_path / "COTAHIST_D25062021.TXT"
    path.write_bytes(gzip.decompress(REAL_DAY.read_bytes()))
    return path


def sample(folder: Path, day: date, *, rows: int = 300, malformed: int = 2) -> tuple[Path, int]:
    """A sample file and the rows that it must give."""
    path = folder / f"COTAHIST_D{day:%d%m%Y}.TXT"
    truth = write_quotes(
        path, trading_day=day, rows=rows, malformed=malformed, seed=day.toordinal()
    )
    return path, truth.rows


def day_of(lab: Lab, day: date) -> tuple[int, Decimal]:
    ((count, value),) = lab.rows(
        f"SELECT count(*), sum(voltot) FROM market_quotes WHERE data = DATE '{day}'"
    )
    return count, value


def measured(lab: Lab, metric: str) -> float:
    """The sum of what the runs of the quotes told CloudWatch in the last hours."""
    now = datetime.now(UTC)
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="MwaaLake",
        MetricName=metric,
        Dimensions=[
            {"Name": "Environment", "Value": "lake-dev"},
            {"Name": "DataSet", "Value": "market_quotes"},
        ],
        StartTime=now - timedelta(hours=6),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def states(lab: Lab, name: str) -> list[str]:
    """What became of a file in each run, the first one first."""
    found = lab.rows(
        f"SELECT state FROM lake_files WHERE key = '{QUOTES}/{name}' ORDER BY recorded_at"
    )
    return [state for (state,) in found]


def test_a_real_trading_day_is_loaded_exactly_and_moves_to_the_archive(
    lab: Lab, real_day: Path
) -> None:
    lab.lake("put", str(real_day), *DATA_SET, "--wait")

    assert day_of(lab, date(2021, 6, 25)) == (REAL_ROWS, REAL_VALUE)
    assert lab.landed() == []
    assert f"{QUOTES}/{real_day.name}" in lab.archived()


def test_the_same_file_dropped_again_changes_nothing(lab: Lab, real_day: Path) -> None:
    lab.lake("put", str(real_day), *DATA_SET, "--wait")

    assert day_of(lab, date(2021, 6, 25)) == (REAL_ROWS, REAL_VALUE)
    assert states(lab, real_day.name) == ["loaded", "unchanged"]
    assert lab.landed() == []


def test_of_three_files_with_one_garbage_two_are_loaded_and_the_third_when_it_is_mended(
    lab: Lab, tmp_path: Path
) -> None:
    first, first_rows = sample(tmp_path, date(2023, 3, 1))
    third, third_rows = sample(tmp_path, date(2023, 3, 3))
    second = tmp_path / "COTAHIST_D02032023.TXT"
    second.write_text("what is this?\n" * 50)

    failed = lab.lake("put", *map(str, (first, second, third)), *DATA_SET, "--wait", check=False)

    assert failed.returncode == 1
    assert second.name in failed.stderr, failed.stderr
    assert day_of(lab, date(2023, 3, 1))[0] == first_rows
    assert day_of(lab, date(2023, 3, 3))[0] == third_rows
    assert lab.landed() == [f"{QUOTES}/{second.name}"]
    assert set(states(lab, second.name)) == {"refused"}

    _, second_rows = sample(tmp_path, date(2023, 3, 2))
    lab.lake("put", str(second), *DATA_SET, "--wait")

    assert day_of(lab, date(2023, 3, 2))[0] == second_rows
    assert lab.landed() == []
    assert states(lab, second.name)[-1] == "loaded"
    assert states(lab, first.name) == states(lab, third.name) == ["loaded"]


def test_malformed_lines_are_quarantined_and_come_back_mended(lab: Lab, tmp_path: Path) -> None:
    path, rows = sample(tmp_path, date(2023, 4, 3), rows=500, malformed=4)
    before = [measured(lab, name) for name in ("RowsLoaded", "RowsQuarantined")]
    lab.lake("put", str(path), *DATA_SET, "--wait")
    after = [measured(lab, name) for name in ("RowsLoaded", "RowsQuarantined")]
    assert [now - then for then, now in zip(before, after, strict=True)] == [rows, 4]

    kept = lab.rows(
        "SELECT line_number, raw, reason FROM market_quotes_quarantine "
        f"WHERE source_key = '{QUOTES}/{path.name}' ORDER BY line_number"
    )
    lines = path.read_bytes().decode("latin-1").split("\n")
    assert len(kept) == 4
    for line_number, raw, reason in kept:
        assert lines[line_number - 1].rstrip("\r") == raw
        assert reason

    exported = tmp_path / "quarantine.jsonl"
    lab.lake("replay", QUOTES, "--file", f"{QUOTES}/{path.name}", "--export", str(exported))
    records = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [record["raw"] for record in records] == [raw for _, raw, _ in kept]
    good = next(line.rstrip("\r") for line in lines[1:] if len(line.rstrip("\r")) == 245)
    records[0]["raw"] = good[:12] + "MENDED0".ljust(12) + good[24:]
    exported.write_text("".join(json.dumps(record) + "\n" for record in records))
    lab.lake("replay", QUOTES, "--mended", str(exported), "--wait")

    assert day_of(lab, date(2023, 4, 3))[0] == rows + 1
    assert lab.rows("SELECT codneg FROM market_quotes WHERE codneg = 'MENDED0'") == [("MENDED0",)]
    left = lab.rows(
        f"SELECT count(*) FROM market_quotes_quarantine WHERE source_key = '{QUOTES}/{path.name}'"
    )
    assert left == [(3,)]


def test_a_backfill_loads_three_days_again_by_the_data_set_file_as_it_is_now(
    lab: Lab, tmp_path: Path
) -> None:
    days = [date(2023, 6, day) for day in (5, 6, 7)]
    files = [sample(tmp_path, day) for day in days]
    lab.lake("put", *(str(path) for path, _ in files), *DATA_SET, "--wait")
    before = [day_of(lab, day) for day in days]
    archived = lab.archived()

    quotes = lab.root / "dags" / "datasets" / "market" / "quotes.yaml"
    with (
        changed(quotes, "max_bad_ratio: 0.01", "max_bad_ratio: 0.02"),
        changed(quotes, "owner: market-data", "owner: backfiller"),
    ):
        lab.deploy()
        wait_for(
            lambda: "backfiller" in lab.airflow("GET", "/dags/market_quotes_backfill")["owners"],
            timeout_seconds=PARSED_WITHIN_SECONDS,
            what="the changed DAG in Airflow",
        )
        lab.lake("backfill", QUOTES, "--from", str(days[0]), "--to", str(days[-1]), "--wait")
    lab.deploy()

    assert [day_of(lab, day) for day in days] == before
    runs = lab.rows("SELECT files, \"rows\" FROM lake_runs WHERE kind = 'backfill'")
    assert runs == [(1, rows) for _, rows in files]
    assert lab.archived() == archived


def test_orders_and_events_are_loaded_by_the_data_sets_of_their_formats(
    lab: Lab, tmp_path: Path
) -> None:
    day = date(2024, 5, 6)
    order_file = tmp_path / orders.file_name(day)
    order_truth = orders.write_orders(order_file, day=day, rows=400, malformed=3)
    event_file = tmp_path / events.file_name(day)
    event_truth = events.write_events(event_file, day=day, rows=400, malformed=3)

    lab.lake("put", str(order_file), "--dataset", "retail/orders", "--wait")
    lab.lake("put", str(event_file), "--dataset", "web/events", "--wait")

    assert lab.rows("SELECT count(*) FROM retail_orders") == [(order_truth.rows,)]
    assert lab.rows("SELECT count(*) FROM web_events") == [(event_truth.rows,)]
    assert lab.rows("SELECT count(*) FROM retail_orders_quarantine") == [(order_truth.malformed,)]
    assert lab.rows("SELECT count(*) FROM web_events_quarantine") == [(event_truth.malformed,)]
    last = json.loads(lab.lake("status", "--json").stdout)["runs"]
    assert {"market/quotes", "retail/orders", "web/events"} == {run["data_set"] for run in last}


def test_an_upload_between_reading_and_deleting_survives(lab: Lab) -> None:
    s3, bucket = lab.client("s3"), lab.environment.landing_bucket
    read = s3.put_object(Bucket=bucket, Key="elsewhere/a", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="elsewhere/a", Body=b"2")

    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "elsewhere/a", "ETag": read}]}
    )

    assert [error["Code"] for error in answer["Errors"]] == ["PreconditionFailed"]
    assert s3.get_object(Bucket=bucket, Key="elsewhere/a")["Body"].read() == b"2"
    s3.delete_object(Bucket=bucket, Key="elsewhere/a")
