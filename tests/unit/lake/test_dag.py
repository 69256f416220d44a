"""The DAGs as the bundle ships them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from lake.dag import S3DeleteUnchangedObjectsOperator

from infra.bundle import build_bundle
from infra.local.settings import REPOSITORY

EXPECTED_DAG_IDS = {"market_quotes"}


@pytest.fixture(autouse=True)
def lake_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in ("LANDING_BUCKET", "CURATED_BUCKET", "DATABASE", "WORKGROUP"):
        monkeypatch.setenv(f"AIRFLOW__LAKE__{option}", option.lower().replace("_", "-"))


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    return build_bundle(repository=REPOSITORY, destination=tmp_path / "bundle").dags


def bag(folder: Path) -> BundleDagBag:
    return BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")


@pytest.fixture
def quotes(dags: Path) -> DAG:
    dag: DAG = bag(dags).dags["market_quotes"]
    return dag


def test_the_bundle_has_the_expected_dags_and_no_import_error(dags: Path) -> None:
    found = bag(dags)

    assert found.import_errors == {}
    assert set(found.dags) == EXPECTED_DAG_IDS


def test_every_data_set_file_has_a_dag(dags: Path) -> None:
    files = {
        "_".join(path.relative_to(dags / "datasets").with_suffix("").parts)
        for path in (dags / "datasets").rglob("*.yaml")
    }

    assert files == EXPECTED_DAG_IDS


def test_a_broken_data_set_has_an_import_error_of_its_own_and_takes_no_dag_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    for name in ("dags", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / name, repository / name)
    (repository / "dags/datasets/market/broken.yaml").write_text("owner: me\ncolour: red\n")
    dags = build_bundle(repository=repository, destination=tmp_path / "bundle").dags
    monkeypatch.setattr("lake.dag.DATA_SETS", dags / "datasets")

    found = bag(dags)

    assert set(found.dags) == EXPECTED_DAG_IDS
    assert list(found.import_errors) == ["market_broken.py"]
    assert "colour" in found.import_errors["market_broken.py"]


def test_an_environment_without_the_lakes_options_says_which_are_missing(
    dags: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__LAKE__WORKGROUP")

    errors = bag(dags).import_errors

    assert "lake.workgroup" in errors["market_quotes.py"]


def test_the_dag_reads_as_its_diagram(quotes: DAG) -> None:
    order = [task.task_id for task in quotes.topological_sort()]  # type: ignore[no-untyped-call]

    assert order == [
        "wait_for_file",
        "list_files",
        "plan",
        "convert",
        "publish",
        "check",
        "delete_processed",
    ]


def test_a_new_dag_runs_once_at_a_time_and_never_for_the_past(quotes: DAG) -> None:
    assert quotes.is_paused_upon_creation is False
    assert quotes.catchup is False
    assert quotes.max_active_runs == 1
    assert quotes.dagrun_timeout is not None


def test_waiting_takes_no_worker_and_an_idle_run_is_skipped(quotes: DAG) -> None:
    wait: Any = quotes.get_task("wait_for_file")

    assert wait.deferrable is True
    assert wait.soft_fail is True
    assert wait.timeout == 240


def test_the_rest_is_published_when_a_file_is_refused_and_nothing_is_deleted(quotes: DAG) -> None:
    publish, delete = quotes.get_task("publish"), quotes.get_task("delete_processed")
    assert isinstance(delete, MappedOperator)

    assert publish.upstream_task_ids == {"plan", "convert"}
    assert publish.trigger_rule == TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
    assert {"convert", "check"} <= delete.upstream_task_ids
    assert delete.partial_kwargs["trigger_rule"] == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS


class Bucket:
    """Answers DeleteObjects as S3 does where an object has another ETag by now."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        self.errors = errors
        self.asked: list[dict[str, str]] = []

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  # boto3's names
        self.asked += Delete["Objects"]
        return {"Errors": self.errors}


def delete(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    operator = S3DeleteUnchangedObjectsOperator(
        task_id="d", bucket="landing", keys=[("a", '"1"'), ("b", '"2"')]
    )
    monkeypatch.setattr(type(operator), "hook", SimpleNamespace(conn=bucket))
    operator.execute({})


def test_an_object_is_deleted_only_while_it_has_the_etag_that_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = Bucket(errors=[{"Key": "a", "Code": "PreconditionFailed"}])

    delete(monkeypatch, bucket)

    assert bucket.asked == [{"Key": "a", "ETag": '"1"'}, {"Key": "b", "ETag": '"2"'}]


def test_a_delete_that_s3_refuses_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(errors=[{"Key": "b", "Code": "AccessDenied"}])

    with pytest.raises(RuntimeError, match="AccessDenied"):
        delete(monkeypatch, bucket)
