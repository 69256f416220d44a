"""The main job on sample data: files land, Airflow loads them, Athena answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import find_data_set, put
from infra.cli.query import print_answer, query
from infra.cli.runs import Runs
from infra.cli.steps import Failed, step
from infra.local.settings import LocalSettings
from infra.samples.cotahist import SampleTruth, write_quotes

DATA_SET = "market/quotes"
TRADING_DAYS = (date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4))
ROWS = 5_000
MALFORMED = 7
RUN_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the generator says that the table must hold of a trading day."""

    day: date
    truth: SampleTruth


def demo(*, environment: DeployedEnvironment, settings: LocalSettings) -> None:
    """Drop the sample files, wait for their run, query, and compare with what was generated.

    Raises:
        Failed: the run failed, or the table holds something else than the files.
    """
    data_set = find_data_set(DATA_SET)
    with TemporaryDirectory(prefix="lake-sample-") as folder:
        expected = _write_samples(Path(folder))
        with step(f"Dropping {len(expected)} sample files of {DATA_SET} into the landing bucket"):
            keys = put(
                sorted(Path(folder).iterdir()),
                data_set=data_set,
                environment=environment,
                settings=settings,
            )
    with step(f"Waiting for a run of the DAG {data_set.dag_id}"):
        runs = Runs(environment=environment, settings=settings, dag_id=data_set.dag_id)
        runs.wait_until_loaded(keys, timeout_seconds=RUN_TIMEOUT_SECONDS)
    with step("Asking Athena"):
        _compare(expected, data_set.table_name, environment=environment, settings=settings)


def _write_samples(folder: Path) -> list[Expected]:
    return [
        Expected(
            day=day,
            truth=write_quotes(
                folder / f"COTAHIST_D{day:%d%m%Y}.TXT",
                trading_day=day,
                rows=ROWS,
                malformed=MALFORMED,
                seed=day.toordinal(),
            ),
        )
        for day in TRADING_DAYS
    ]


def _compare(
    expected: list[Expected],
    table: str,
    *,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> None:
    days = ", ".join(f"DATE '{day}'" for day in TRADING_DAYS)
    answer = query(
        f"SELECT data, count(*) AS quotes, count(DISTINCT codneg) AS papers, "  # noqa: S608  # constants of this module
        f"sum(totneg) AS trades, sum(voltot) AS traded_value "
        f"FROM {table} WHERE data IN ({days}) GROUP BY data ORDER BY data",
        environment=environment,
        settings=settings,
    )
    print_answer(answer)
    found = {row[0]: (row[1], Decimal(row[4])) for row in answer.rows}
    wanted = {e.day: (e.truth.rows, e.truth.total_voltot) for e in expected}
    if found != wanted:
        raise Failed(f"{table} holds {found}, and the files hold {wanted}")
