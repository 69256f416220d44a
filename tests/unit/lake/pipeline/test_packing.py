from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake.pipeline.documents import FileRange, LandedFile
from lake.pipeline.packing import (
    LEAST_TASK_BYTES,
    MOST_TASK_BYTES,
    RANGE_BYTES,
    REQUEST_BYTES,
    label,
    pack,
    ranges_of,
)


def landed(name: str, size_bytes: int = 1) -> LandedFile:
    return LandedFile(
        key=f"p/{name}",
        object_key=f"p/{name}",
        version_id="v",
        etag="e",
        size_bytes=size_bytes,
        landed_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


def whole(*sizes: int) -> list[FileRange]:
    return [FileRange(file=landed(f"{n:05}", size)) for n, size in enumerate(sizes)]


def packed_bytes(batches: tuple[tuple[FileRange, ...], ...]) -> list[int]:
    return [sum(each.size_bytes for each in batch) for batch in batches]


def test_a_few_small_files_share_one_task() -> None:
    assert len(pack(whole(1_000_000, 2_000_000, 500), task_slots=10, most_tasks=32)) == 1


def test_nothing_new_takes_no_task() -> None:
    assert pack([], task_slots=10, most_tasks=32) == ()


def test_ten_thousand_small_files_fill_the_slots_evenly() -> None:
    batches = pack(whole(*[10_000] * 10_000), task_slots=10, most_tasks=32)

    assert [len(batch) for batch in batches] == [1000] * 10


def test_ten_gigabytes_in_one_file_fill_the_slots_evenly() -> None:
    ranges = ranges_of(landed("large", 10_000_000_000), splittable=True)

    batches = pack(ranges, task_slots=10, most_tasks=32)

    assert len(ranges) == 39
    assert len(batches) == 10
    assert max(packed_bytes(batches)) <= 1.2 * min(packed_bytes(batches)) + RANGE_BYTES


def test_a_backlog_takes_more_tasks_than_slots_so_that_a_kill_loses_little() -> None:
    ranges = ranges_of(landed("large", 100 * MOST_TASK_BYTES), splittable=True)

    assert len(pack(ranges, task_slots=10, most_tasks=1024)) == 101
    assert len(pack(ranges, task_slots=10, most_tasks=32)) == 32


@given(
    sizes=st.lists(st.integers(0, 3 * RANGE_BYTES), max_size=60),
    task_slots=st.integers(1, 20),
    most_tasks=st.integers(1, 40),
)
def test_whatever_lands_each_range_is_in_one_batch_in_order_and_none_gets_more_than_its_share(
    sizes: list[int], task_slots: int, most_tasks: int
) -> None:
    ranges = [r for each in whole(*sizes) for r in ranges_of(each.file, splittable=True)]

    batches = pack(ranges, task_slots=task_slots, most_tasks=most_tasks)

    assert [each for batch in batches for each in batch] == ranges
    assert len(batches) <= most_tasks
    assert all(batches)
    total = sum(sizes) + REQUEST_BYTES * len(ranges)
    share = total / max(1, min(task_slots, most_tasks, total // LEAST_TASK_BYTES or 1))
    largest = max([each.size_bytes for each in ranges], default=0) + REQUEST_BYTES
    assert max(packed_bytes(batches), default=0) <= share + largest


@given(st.integers(0, 20 * RANGE_BYTES))
def test_ranges_cover_a_file_and_depend_on_its_size_alone(size_bytes: int) -> None:
    ranges = ranges_of(landed("a", size_bytes), splittable=True)

    assert [r.model_dump(exclude={"file"}) for r in ranges] == [
        r.model_dump(exclude={"file"})
        for r in ranges_of(landed("another", size_bytes), splittable=True)
    ]
    assert sum(each.size_bytes for each in ranges) == size_bytes
    assert all(before.end == after.start for before, after in pairwise(ranges))
    assert all(each.size_bytes <= 1.5 * RANGE_BYTES for each in ranges)


def test_what_cannot_be_cut_is_one_range_however_large() -> None:
    (only,) = ranges_of(landed("a.gz", 100 * RANGE_BYTES), splittable=False)

    assert only.is_whole


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([], "nothing new"),
        (whole(1), "00000"),
        (whole(1, 2, 3), "00000 and 2 more"),
        (
            ranges_of(landed("a.txt", 2 * RANGE_BYTES), splittable=True)[1:],
            "a.txt from byte 256000000",
        ),
    ],
)
def test_a_batch_is_named_by_its_first_file(batch: list[FileRange], expected: str) -> None:
    assert label(batch) == expected
