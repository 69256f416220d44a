"""The stages one after the other, as the DAG runs them, and every way to run them again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from lake.dataset import DataSet
from lake.pipeline.catalog import Catalog, TableMismatch
from lake.pipeline.check import CheckFailed, check
from lake.pipeline.convert import FilesRefused, convert_batch
from lake.pipeline.documents import LoadRecord, Plan, Published
from lake.pipeline.places import Places
from lake.pipeline.plan import plan
from lake.pipeline.publish import publish
from lake.pipeline.store import Store

from .conftest import GARBAGE, GOOD, OTHER_DAY, table_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Land = Callable[[str, str], str]


class Pipeline:
    """Plan, convert, publish and check, without Airflow."""

    def __init__(self, data_set: DataSet, store: Store, catalog: Catalog) -> None:
        self.data_set, self.store, self.catalog = data_set, store, catalog

    def plan(self, run_id: str) -> Plan:
        keys = [file.key for file in self.store.landed(self.data_set.source_prefix)]
        return plan(data_set=self.data_set, store=self.store, listed_keys=keys, run_id=run_id)

    def convert(self, made: Plan) -> dict[str, str]:
        refused: dict[str, str] = {}
        for batch in made.batches:
            try:
                convert_batch(
                    data_set=self.data_set, store=self.store, batch=batch, run_id=made.run_id
                )
            except FilesRefused as error:
                refused |= error.refused
        return refused

    def publish(self, made: Plan) -> Published:
        return publish(data_set=self.data_set, store=self.store, catalog=self.catalog, plan=made)

    def check(self, made: Plan) -> None:
        check(data_set=self.data_set, store=self.store, catalog=self.catalog, plan=made)

    def run(self, run_id: str) -> Published:
        made = self.plan(run_id)
        self.convert(made)
        published = self.publish(made)
        self.check(made)
        return published


@pytest.fixture
def pipeline(data_set: DataSet, store: Store, catalog: Catalog) -> Pipeline:
    return Pipeline(data_set, store, catalog)


def quotes() -> list[tuple[str, str, str]]:
    return [(row["day"], row["paper"], str(row["price"])) for row in table_rows()]


BOTH_DAYS = [
    ("2024-01-02", "AAAA", "10.50"),
    ("2024-01-02", "BBBB", "0.99"),
    ("2024-01-03", "AAAA", "11.00"),
]


def test_files_become_rows_of_the_table(pipeline: Pipeline, land: Land) -> None:
    land("a.txt", GOOD)
    land("b.txt", OTHER_DAY)

    published = pipeline.run("run-1")

    assert quotes() == BOTH_DAYS
    assert sorted(record.rows for record in published.loaded) == [1, 2]
    assert {record.run_id for record in published.loaded} == {"run-1"}


def test_a_second_run_finds_the_files_loaded_and_changes_nothing(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")

    made = pipeline.plan("run-2")

    assert made.batches == ((),)
    assert [file.name for file in made.loaded] == ["a.txt"]
    pipeline.run("run-2")
    assert quotes() == BOTH_DAYS[:2]


def test_the_same_content_landing_again_leaves_the_table_as_it_is(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    before = table_rows()
    land("a.txt", GOOD)

    made = pipeline.plan("run-2")
    assert len(made.batches) == 1, "a new version is looked into"
    pipeline.run("run-2")

    assert table_rows() == before


def test_new_content_under_an_old_key_replaces_what_the_old_one_gave(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    land("a.txt", OTHER_DAY)

    pipeline.run("run-2")

    assert quotes() == BOTH_DAYS[2:]


def test_a_refused_file_leaves_the_others_untouched_and_is_recorded_with_its_reason(
    pipeline: Pipeline, land: Land, store: Store, data_set: DataSet
) -> None:
    land("a.txt", GOOD)
    bad = land("b.txt", GARBAGE)
    land("c.txt", OTHER_DAY)
    made = pipeline.plan("run-1")

    refused = pipeline.convert(made)
    published = pipeline.publish(made)
    pipeline.check(made)

    assert quotes() == BOTH_DAYS
    assert list(refused) == [bad] == list(published.refused)
    (file,) = [f for f in made.files if f.key == bad]
    record = store.require(Places.of(data_set).record(file), LoadRecord)
    assert (record.state, record.reason) == ("refused", refused[bad])
    assert record.reason


def test_after_it_is_mended_the_next_run_loads_just_the_refused_file(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    mended = land("b.txt", GARBAGE)
    pipeline.run("run-1")
    land("b.txt", OTHER_DAY)

    made = pipeline.plan("run-2")
    pipeline.run("run-2")

    assert [file.key for batch in made.batches for file in batch] == [mended]
    assert quotes() == BOTH_DAYS


def test_a_refused_replacement_keeps_what_the_earlier_content_gave(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    land("a.txt", GARBAGE)
    pipeline.run("run-2")

    assert quotes() == BOTH_DAYS[:2]


def test_one_batch_tries_every_file_before_it_refuses(
    pipeline: Pipeline, land: Land, data_set: DataSet, store: Store
) -> None:
    for n in range(4):
        land(f"{n}.txt", GARBAGE if n % 2 else GOOD.replace("20240102", f"2024010{n + 1}"))
    files = tuple(store.landed(data_set.source_prefix))
    made = Plan(run_id="r", batches=(files,), loaded=())

    refused = pipeline.convert(made)
    published = pipeline.publish(made)

    assert len(refused) == len(published.loaded) == 2
    assert len(quotes()) == 4


@pytest.mark.parametrize("writes", range(1, 12))
def test_killed_at_any_write_of_a_publish_and_run_again_the_table_is_the_same(
    pipeline: Pipeline, land: Land, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-0")
    land("a.txt", GOOD.replace("BBBB", "CCCC"))
    land("b.txt", OTHER_DAY)
    made = pipeline.plan("run-1")
    pipeline.convert(made)
    with monkeypatch.context() as patched:
        kill_after(patched, pipeline, writes)
        with suppress(Killed):
            pipeline.publish(made)

    pipeline.publish(made)
    pipeline.check(made)

    assert quotes() == [
        ("2024-01-02", "AAAA", "10.50"),
        ("2024-01-02", "CCCC", "0.99"),
        ("2024-01-03", "AAAA", "11.00"),
    ]


class Killed(BaseException):
    """The process ends here."""


def kill_after(patched: pytest.MonkeyPatch, pipeline: Pipeline, writes: int) -> None:
    left = [writes]

    def counted(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return method(*args, **kwargs)

        return call

    for owner, name in (
        (pipeline.store, "write"),
        (pipeline.store, "copy_many"),
        (pipeline.store, "delete_many"),
        (pipeline.catalog, "add_partitions"),
        (pipeline.catalog, "ensure_table"),
    ):
        patched.setattr(owner, name, counted(getattr(owner, name)))


def test_a_result_of_an_earlier_version_is_not_published_for_a_newer_one(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    pipeline.convert(pipeline.plan("run-1"))
    land("a.txt", OTHER_DAY)

    published = pipeline.publish(pipeline.plan("run-1"))

    assert published.loaded == ()


def test_an_object_that_lost_rows_fails_the_check_by_its_name(
    pipeline: Pipeline, land: Land, s3: S3Client
) -> None:
    land("a.txt", GOOD)
    published = pipeline.run("run-1")
    s3.delete_object(Bucket="curated", Key=published.loaded[0].parts[0].key)

    with pytest.raises(CheckFailed, match="wrote 2, Athena reads 0"):
        pipeline.check(pipeline.plan("run-2"))


def test_keys_that_are_not_unique_fail_the_check_with_an_example(
    pipeline: Pipeline, land: Land
) -> None:
    land("a.txt", GOOD)
    land("copy.txt", GOOD)

    with pytest.raises(CheckFailed, match=r"not unique, for example .*AAAA"):
        pipeline.run("run-1")
    with pytest.raises(CheckFailed):  # and every run says so while the files are there
        pipeline.run("run-2")


def test_a_table_with_other_columns_is_refused_by_their_names(
    pipeline: Pipeline, land: Land, data_set: DataSet
) -> None:
    land("a.txt", GOOD)
    pipeline.run("run-1")
    columns = [c for c in data_set.columns if c.name != "price"]
    pipeline.data_set = data_set.model_copy(update={"columns": tuple(columns)})

    with pytest.raises(TableMismatch, match="price"):
        pipeline.publish(pipeline.plan("run-2"))
