"""The main job on sample data: files of each format land, Airflow loads them, Athena answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.dataset import DataSet

from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import find_data_set, put
from infra.cli.query import print_answer, query
from infra.cli.runs import Runs, patience_with
from infra.cli.steps import Failed, step
from infra.local.settings import LocalSettings
from infra.samples import cotahist, events, orders

DAYS = (date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4))
ROWS = 5_000
MALFORMED = 7
RUN_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class DayTruth:
    """What the table and its quarantine must hold of a day."""

    rows: int
    total: Decimal
    quarantined: int


def _quotes(folder: Path, day: date) -> DayTruth:
    path = folder / f"COTAHIST_D{day:%d%m%Y}.TXT"
    truth = cotahist.write_quotes(
        path, trading_day=day, rows=ROWS, malformed=MALFORMED, seed=day.toordinal()
    )
    return DayTruth(truth.rows, truth.total_voltot, truth.malformed)


def _orders(folder: Path, day: date) -> DayTruth:
    """The last day's file has its columns in another order."""
    truth = orders.write_orders(
        folder / orders.file_name(day),
        day=day,
        rows=ROWS,
        malformed=MALFORMED,
        version=2 if day == DAYS[-1] else 1,
    )
    return DayTruth(truth.rows, truth.total_amount, truth.malformed)


def _events(folder: Path, day: date) -> DayTruth:
    path = folder / events.file_name(day)
    truth = events.write_events(path, day=day, rows=ROWS, malformed=MALFORMED)
    return DayTruth(truth.rows, truth.total_amount, truth.malformed)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A data set of the product, and how a day of it is made and compared."""

    name: str
    day_column: str
    total_column: str
    write: Callable[[Path, date], DayTruth]


SAMPLES = (
    Sample(name="market/quotes", day_column="data", total_column="voltot", write=_quotes),
    Sample(name="retail/orders", day_column="ordered_on", total_column="amount", write=_orders),
    Sample(name="web/events", day_column="day", total_column="amount", write=_events),
)


def demo(*, environment: DeployedEnvironment, settings: LocalSettings) -> None:
    """Drop sample files, wait for their runs, query, and compare with what was generated.

    Raises:
        Failed: a run failed, or a table or its quarantine holds something else than the files.
    """
    began, loading = datetime.now(UTC), []
    for sample in SAMPLES:
        data_set = find_data_set(sample.name)
        with (
            step(f"Dropping {len(DAYS)} files of {sample.name} into the landing bucket"),
            TemporaryDirectory(prefix="lake-sample-") as folder,
        ):
            expected = {day: sample.write(Path(folder), day) for day in DAYS}
            files = sorted(Path(folder).iterdir())
            keys = put(files, data_set=data_set, environment=environment, settings=settings)
        loading.append((sample, data_set, expected, keys))
    for _, data_set, _, keys in loading:
        with step(f"Waiting for a run of the DAG {data_set.dag_id}"):
            runs = Runs(environment=environment, settings=settings, dag_id=data_set.dag_id)
            runs.wait_until_loaded(
                keys,
                timeout_seconds=RUN_TIMEOUT_SECONDS,
                patience_seconds=patience_with(data_set),
                since=began,
            )
    for sample, data_set, expected, keys in loading:
        with step(f"Asking Athena for {data_set.table_name}"):
            _compare(sample, data_set, expected, keys, environment=environment, settings=settings)


def _compare(
    sample: Sample,
    data_set: DataSet,
    expected: dict[date, DayTruth],
    keys: list[str],
    *,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> None:
    table, day, total = data_set.table_name, sample.day_column, sample.total_column
    files = ", ".join(f"'{key}'" for key in keys)
    days = ", ".join(f"DATE '{each}'" for each in DAYS)
    answer = query(
        f"SELECT {day}, count(*) AS n, sum({total}) AS total FROM {table} "  # noqa: S608  # names of the data set files and of this module
        f"WHERE {day} IN ({days}) AND source_key IN ({files}) GROUP BY {day} ORDER BY {day}",
        environment=environment,
        settings=settings,
    )
    print_answer(answer)
    bad = query(
        f"SELECT source_key, count(*) FROM {table}_quarantine "  # noqa: S608  # as above
        f"WHERE source_key IN ({files}) GROUP BY source_key",
        environment=environment,
        settings=settings,
    )
    found = {row[0]: (row[1], Decimal(row[2])) for row in answer.rows}
    wanted = {each: (truth.rows, truth.total) for each, truth in expected.items()}
    if found != wanted:
        raise Failed(f"{table} holds {found}, and the files hold {wanted}")
    quarantined = sorted(row[1] for row in bad.rows)
    if quarantined != sorted(truth.quarantined for truth in expected.values()):
        raise Failed(f"{table}_quarantine holds {bad.rows}, and each file has {MALFORMED} bad")
