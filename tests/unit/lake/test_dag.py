"""The DAGs as the bundle ships them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable
from lake.assets import table_asset

from infra.bundle import build_bundle
from infra.local.settings import REPOSITORY

STAGES = [
    "convert",
    "audit",
    "publish",
    "check",
    "archive_or_delete",
    "report",
    "quality",
    "announce",
]


@pytest.fixture(autouse=True)
def lake_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in (
        "LANDING_BUCKET",
        "CURATED_BUCKET",
        "DATABASE",
        "WORKGROUP",
        "ARRIVAL_QUEUES",
    ):
        monkeypatch.setenv(f"AIRFLOW__LAKE__{option}", option.lower().replace("_", "-"))
    monkeypatch.setenv("AIRFLOW__LAKE__TASK_SLOTS", "10")


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    return build_bundle(repository=REPOSITORY, destination=tmp_path / "bundle").dags


def bag(folder: Path) -> BundleDagBag:
    return BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")


def expected_dag_ids() -> set[str]:
    files = (REPOSITORY / "dags" / "datasets").rglob("*.yaml")
    tables = {f"{path.parent.name}_{path.stem}" for path in files}
    loads = {f"{table}{kind}" for table in tables for kind in ("", "_backfill", "_maintenance")}
    return loads | {f"music_models{kind}" for kind in ("", "_backfill", "_maintenance")}


@pytest.fixture
def found(dags: Path) -> BundleDagBag:
    return bag(dags)


@pytest.fixture
def quotes(found: BundleDagBag) -> DAG:
    dag: DAG = found.dags["market_quotes"]
    return dag


@pytest.fixture
def backfill(found: BundleDagBag) -> DAG:
    dag: DAG = found.dags["market_quotes_backfill"]
    return dag


def test_the_bundle_has_the_dags_of_every_data_set_and_no_import_error(
    found: BundleDagBag,
) -> None:
    assert found.import_errors == {}
    assert set(found.dags) == expected_dag_ids() >= {"market_quotes"}


def test_a_broken_data_set_has_an_import_error_of_its_own_and_takes_no_dag_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    for name in ("dags", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / name, repository / name)
    (repository / "dags/datasets/market/broken.yaml").write_text("owner: me\ncolour: red\n")
    dags = build_bundle(repository=repository, destination=tmp_path / "bundle").dags
    monkeypatch.setattr("lake.tasks.DATA_SETS", dags / "datasets")

    found = bag(dags)

    assert set(found.dags) == expected_dag_ids()
    assert list(found.import_errors) == ["market_broken.py"]
    assert "should be one of" in found.import_errors["market_broken.py"]


def test_an_environment_without_the_lakes_options_says_which_are_missing(
    dags: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__LAKE__WORKGROUP")

    errors = bag(dags).import_errors

    assert "lake.workgroup" in errors["market_quotes.py"]


def order(dag: DAG) -> list[str]:
    return [task.task_id for task in dag.topological_sort()]  # type: ignore[no-untyped-call]


def test_the_dags_read_as_their_diagrams(quotes: DAG, backfill: DAG) -> None:
    assert order(quotes) == ["plan", *STAGES]
    assert order(backfill) == ["plan_backfill", *STAGES]


def test_a_table_is_maintained_when_its_data_set_says(found: BundleDagBag) -> None:
    dag = found.dags["market_quotes_maintenance"]

    assert order(dag) == ["maintain", "quality_of_table"]
    assert str(dag.schedule) == "@daily"
    assert dag.start_date is None, "it would run as soon as it is deployed"


def test_a_new_dag_runs_once_at_a_time_and_never_for_the_past(quotes: DAG, backfill: DAG) -> None:
    for dag in (quotes, backfill):
        assert dag.is_paused_upon_creation is False
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        assert dag.dagrun_timeout is not None


def test_a_run_by_itself_is_about_all_that_has_landed(quotes: DAG, backfill: DAG) -> None:
    assert dict(quotes.params) == {"prefix": "", "pattern": "*", "list_only": False}
    assert dict(backfill.params) == {
        "from_day": None,
        "to_day": None,
        "prefix": "",
        "pattern": "*",
        "replay_key": "",
    }


def test_a_file_starts_a_run_and_a_sweep_by_time_takes_what_was_not_told(quotes: DAG) -> None:
    timetable: Any = quotes.timetable
    (asset,) = timetable.asset_condition.objects

    assert isinstance(timetable, AssetOrTimeSchedule)
    assert timetable.timetable == CronTriggerTimetable("@hourly", timezone="UTC")

    assert asset.uri == "s3://landing-bucket/market/quotes"
    (watcher,) = asset.watchers
    assert watcher.trigger.serialize() == (
        "lake_arrivals.FileArrivalTrigger",
        {"queue": "arrival-queuesmarket_quotes", "aws_conn_id": "aws_default"},
    )


type Changed = Callable[..., DAG]


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Changed:
    """The DAG of the quotes, with parts of their data set file replaced."""

    def build(*changes: tuple[str, str]) -> DAG:
        repository = tmp_path / "changed"
        for name in ("dags", "plugins", "requirements"):
            shutil.copytree(REPOSITORY / name, repository / name)
        quotes = repository / "dags/datasets/market/quotes.yaml"
        text = quotes.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        quotes.write_text(text)
        dags = build_bundle(repository=repository, destination=tmp_path / "changed-bundle").dags
        monkeypatch.setattr("lake.tasks.DATA_SETS", dags / "datasets")
        dag: DAG = bag(dags).dags["market_quotes"]
        return dag

    return build


def test_without_a_sweep_only_files_start_a_run(changed: Changed) -> None:
    dag = changed(("run: {", "run: {sweep: null, "))

    timetable = dag.timetable
    assert type(timetable) is AssetTriggeredTimetable
    condition: Any = timetable.asset_condition
    assert [asset.name for asset in condition.objects] == ["market_quotes_files"]


def test_by_time_a_run_waits_without_a_worker_and_is_skipped_where_nothing_lands(
    changed: Changed,
) -> None:
    dag = changed(("schedule: on_arrival", 'schedule: "*/5 * * * *"'))
    assert order(dag) == ["wait_for_file", "plan", *STAGES]
    wait: Any = dag.get_task("wait_for_file")

    assert wait.deferrable is True
    assert wait.soft_fail is True
    assert wait.timeout == 240
    assert wait.bucket_key == "market/quotes/*.TXT"


def test_what_changed_is_announced_once_it_is_checked_whatever_becomes_of_the_files(
    quotes: DAG, backfill: DAG
) -> None:
    for dag in (quotes, backfill):
        announce: Any = dag.get_task("announce")
        assert announce.upstream_task_ids == {"check", "quality"}
        quality = dag.get_task("quality")
        assert quality.upstream_task_ids == {"check"}
        assert quality.downstream_task_ids == {"announce"}, "the files go whatever it finds"
        assert announce.downstream_task_ids == set()
        assert announce.trigger_rule == TriggerRule.ALL_SUCCESS
        assert announce.outlets == [table_asset("market_quotes")]


def test_the_others_are_published_when_a_conversion_fails_and_the_run_has_failed_then(
    quotes: DAG,
) -> None:
    audit, report = quotes.get_task("audit"), quotes.get_task("report")

    assert audit.upstream_task_ids == {"plan", "convert"}
    assert audit.trigger_rule == TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
    assert report.upstream_task_ids == {"convert", "check", "archive_or_delete"}
    assert report.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    assert report.downstream_task_ids == set()


def test_conversions_take_slots_of_the_data_sets_pool(quotes: DAG) -> None:
    convert = quotes.get_task("convert")
    assert isinstance(convert, MappedOperator)

    assert convert.partial_kwargs["pool"] == "default_pool"


SPARK = {
    "AIRFLOW__LAKE__SPARK_APPLICATION_ID": "00f1",
    "AIRFLOW__LAKE__SPARK_JOB_ROLE_ARN": "arn:aws:iam::111122223333:role/jobs",
    "AIRFLOW__LAKE__SPARK_ENTRY_POINT": "s3://airflow/dags/lake/engines/spark_job.py",
    "AIRFLOW__LAKE__SPARK_LOG_GROUP": "/aws/emr-serverless/lake-prod",
}


@pytest.fixture
def dags_with_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    repository = tmp_path / "repository"
    for name in ("dags", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / name, repository / name)
    market = repository / "dags/datasets/market"
    quotes = (market / "quotes.yaml").read_text()
    (market / "history.yaml").write_text(f"{quotes}\nengine: spark\n")
    dags = build_bundle(repository=repository, destination=tmp_path / "bundle").dags
    monkeypatch.setattr("lake.tasks.DATA_SETS", dags / "datasets")
    return dags


def test_a_data_set_for_spark_is_converted_by_a_job_that_no_worker_waits_for(
    dags_with_spark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SPARK.items():
        monkeypatch.setenv(name, value)
    dag: Any = bag(dags_with_spark).dags["market_history"]
    assert dag.task_dict["spark_job"].downstream_task_ids == {"spark"}
    spark = dag.task_dict["spark"]
    assert spark.downstream_task_ids == {"convert"}
    assert spark.deferrable
    assert (spark.application_id, spark.execution_role_arn) == (
        SPARK["AIRFLOW__LAKE__SPARK_APPLICATION_ID"],
        SPARK["AIRFLOW__LAKE__SPARK_JOB_ROLE_ARN"],
    )
    assert dag.task_dict["convert"].trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS


def test_an_environment_without_spark_says_what_to_change(dags_with_spark: Path) -> None:
    found = bag(dags_with_spark)
    assert set(found.dags) == expected_dag_ids()
    assert "market/history.yaml hands files to spark" in found.import_errors["market_history.py"]


def test_each_model_is_loaded_after_what_it_needs_and_checked_before_others_need_it(
    found: BundleDagBag,
) -> None:
    models: DAG = found.dags["music_models"]
    assert models.task_dict["songplays.load"].upstream_task_ids == {
        "choose_days",
        "songs.check",
        "artists.check",
    }
    assert models.task_dict["time.load"].upstream_task_ids == {"choose_days", "songplays.check"}
    assert models.task_dict["users.load"].upstream_task_ids == {"choose_days", "user_days.check"}


def test_a_run_without_days_to_choose_skips_every_model(found: BundleDagBag) -> None:
    backfill: DAG = found.dags["music_models_backfill"]
    rules = {task.trigger_rule for name, task in backfill.task_dict.items() if "." in name}
    assert rules == {TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS}


def test_the_upkeep_of_the_models_optimizes_each_table_then_vacuums_it(found: BundleDagBag) -> None:
    dag: Any = found.dags["music_models_maintenance"]
    tables = {name.removesuffix(".vacuum") for name in dag.task_dict if name.endswith(".vacuum")}
    models = (REPOSITORY / "dags" / "models" / "music").glob("*.sql")
    assert tables == {f"music_{path.stem}" for path in models} | {"model_audit", "quality_results"}
    for table in tables:
        optimize, vacuum = dag.task_dict[f"{table}.optimize"], dag.task_dict[f"{table}.vacuum"]
        assert optimize.upstream_task_ids == {"make_tables"}
        assert vacuum.upstream_task_ids == {optimize.task_id}
        assert optimize.query == f"OPTIMIZE {table} REWRITE DATA USING BIN_PACK"
        assert vacuum.query == f"VACUUM {table}"
        assert (optimize.database, optimize.workgroup) == ("database", "workgroup")


def test_the_upkeep_of_the_models_comes_at_night_and_not_when_it_is_deployed(
    found: BundleDagBag,
) -> None:
    dag: Any = found.dags["music_models_maintenance"]
    assert dag.timetable.expression == "0 2 * * *"
    assert (dag.start_date, dag.catchup) == (None, False)
    assert (dag.max_active_runs, dag.max_active_tasks) == (1, 1)
    assert not dag.params
    assert all(task.retries == 5 for task in dag.tasks), "a commit that lost is tried again"


def test_on_redshift_alone_there_is_no_upkeep(dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for option, value in {"MODELS_ON": "redshift", "REDSHIFT_WORKGROUP": "w"}.items():
        monkeypatch.setenv(f"AIRFLOW__LAKE__{option}", value)
    monkeypatch.setenv("AIRFLOW__LAKE__REDSHIFT_DATABASE", "lake")
    found = {dag_id for dag_id in bag(dags).dags if dag_id.startswith("music_models")}
    assert found == {"music_models_redshift", "music_models_redshift_backfill"}
