"""Files land, Airflow on the embedded MWAA loads them, Athena answers."""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.settings import REPOSITORY
from infra.samples.cotahist import write_quotes

from .conftest import Lab, wait_for

pytestmark = pytest.mark.e2e

REAL_DAY = REPOSITORY / "tests" / "data" / "cotahist" / "COTAHIST_D25062021.TXT.gz"
REAL_ROWS, REAL_VALUE = 7_518, Decimal("33577581321.31")
DATA_SET = ("--dataset", "market/quotes")


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


def test_a_real_trading_day_is_loaded_exactly_and_the_landing_prefix_is_empty(
    lab: Lab, real_day: Path
) -> None:
    lab.lake("put", str(real_day), *DATA_SET, "--wait")

    assert day_of(lab, date(2021, 6, 25)) == (REAL_ROWS, REAL_VALUE)
    assert lab.landed() == []


def test_the_same_file_dropped_again_changes_nothing(lab: Lab, real_day: Path) -> None:
    lab.lake("put", str(real_day), *DATA_SET, "--wait")

    assert day_of(lab, date(2021, 6, 25)) == (REAL_ROWS, REAL_VALUE)
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
    assert f"market/quotes/{second.name}" in lab.landed()
    assert "refused" in {record["state"] for record in records(lab, second.name)}

    _, second_rows = sample(tmp_path, date(2023, 3, 2))
    before = {r["key"]: r["recorded_at"] for r in records(lab)}
    lab.lake("put", str(second), *DATA_SET, "--wait")

    assert day_of(lab, date(2023, 3, 2))[0] == second_rows
    assert lab.landed() == []
    changed = [r["key"] for r in records(lab) if before.get(r["key"]) != r["recorded_at"]]
    assert changed == [f"market/quotes/{second.name}"], "just that file was loaded"


def test_a_file_that_was_loaded_and_not_deleted_is_deleted_by_the_next_run(
    lab: Lab, tmp_path: Path
) -> None:
    good, rows = sample(tmp_path, date(2023, 5, 2))
    bad = tmp_path / "COTAHIST_D03052023.TXT"
    bad.write_text("what is this?\n" * 50)
    failed = lab.lake("put", str(good), str(bad), *DATA_SET, "--wait", check=False)
    assert failed.returncode == 1
    assert len(lab.landed()) == 2

    lab.client("s3").delete_object(
        Bucket=lab.environment.landing_bucket, Key=f"market/quotes/{bad.name}"
    )
    lab.airflow("POST", "/dags/market_quotes/dagRuns", Body={"logical_date": None})

    wait_for(lambda: lab.landed() == [], timeout_seconds=120, what="an empty landing bucket")
    assert day_of(lab, date(2023, 5, 2))[0] == rows


def records(lab: Lab, name: str = "") -> list[dict[str, str]]:
    s3, bucket = lab.client("s3"), lab.environment.curated_bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="_records/market/quotes/")
    bodies = [
        s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for item in listed.get("Contents", [])
    ]
    return [record for record in map(json.loads, bodies) if record["key"].endswith(name)]


def test_malformed_lines_are_kept_with_line_number_and_reason(lab: Lab, tmp_path: Path) -> None:
    path, rows = sample(tmp_path, date(2023, 4, 3), rows=500, malformed=4)
    lab.lake("put", str(path), *DATA_SET, "--wait")

    (record,) = records(lab, path.name)

    assert (int(record["rows"]), int(record["rejected"])) == (rows, 4)
    target = tmp_path / "rejects.parquet"
    lab.client("s3").download_file(
        lab.environment.curated_bucket, record["rejects_key"], str(target)
    )
    import pyarrow.parquet as pq

    kept = pq.read_table(target).to_pylist()
    lines = path.read_bytes().split(b"\n")
    assert len(kept) == 4
    assert all(reject["reason"] for reject in kept)
    for reject in kept:
        assert lines[reject["line_number"] - 1].rstrip(b"\r") == reject["raw"]


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
