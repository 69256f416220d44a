from __future__ import annotations

from collections.abc import Callable

import pytest
from lake.dataset import DataSet
from lake.pipeline.documents import LandedFile, Plan
from lake.pipeline.places import Places
from lake.pipeline.plan import batch_label, batches, plan
from lake.pipeline.store import Store

Land = Callable[[str, str], str]


def file(name: str, size_bytes: int = 1) -> LandedFile:
    return LandedFile(key=f"p/{name}", version_id="v", etag="e", size_bytes=size_bytes)


def test_each_file_is_a_batch_of_its_own_up_to_the_limit() -> None:
    files = [file("a"), file("b"), file("c")]

    assert batches(files, at_most=3) == ((files[0],), (files[1],), (files[2],))


def test_past_the_limit_files_are_packed_by_bytes_and_none_is_lost() -> None:
    files = [file(f"{n:03d}", size_bytes=size) for n, size in enumerate([90, 10, 20, 30, 40, 80])]

    packed = batches(files, at_most=3)

    assert sorted(f.key for batch in packed for f in batch) == [f.key for f in files]
    assert [sum(f.size_bytes for f in batch) for batch in packed] == [90, 90, 90]


def test_no_file_gives_a_batch_of_none_so_that_airflow_skips_nothing() -> None:
    assert batches([], at_most=3) == ((),)
    assert batch_label([]) == "nothing new"


def test_a_batch_is_named_by_its_file_and_a_larger_one_by_its_first() -> None:
    assert batch_label([file("a.txt")]) == "a.txt"
    assert batch_label([file("a.txt"), file("b.txt"), file("c.txt")]) == "a.txt and 2 more"


def test_the_plan_has_the_listed_files_at_their_current_version(
    data_set: DataSet, store: Store, land: Land
) -> None:
    land("a.txt", "old")
    key = land("a.txt", "newer")
    land("not-listed.txt", "x")

    made = plan(data_set=data_set, store=store, listed_keys=[key], run_id="run:1")

    (current,) = [f for f in store.landed("market/trades/") if f.key == key]
    assert made.batches == ((current,),)
    assert current.size_bytes == len("newer")
    assert store.read(Places.of(data_set).run("run:1").plan, Plan) == made


def test_the_plan_leaves_folder_markers_and_objects_that_ended_alone(
    data_set: DataSet, store: Store, land: Land
) -> None:
    marker = land("", "")
    gone = "market/trades/gone.txt"

    made = plan(data_set=data_set, store=store, listed_keys=[marker, gone], run_id="r")

    assert made.files == ()


@pytest.mark.parametrize("count", [0, 1, 3, 4, 50])
def test_however_many_files_land_each_is_planned_once(
    data_set: DataSet, store: Store, land: Land, count: int
) -> None:
    keys = [land(f"{n}.txt", str(n)) for n in range(count)]

    made = plan(data_set=data_set, store=store, listed_keys=keys, run_id="r")

    assert sorted(f.key for f in made.files) == sorted(keys)
    assert len(made.batches) == max(1, min(count, data_set.run.max_mapped_tasks))
