"""The cache of objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.athena.errors import QueryError
from infra.local.athena.objects import ObjectCache, S3Object, list_objects, split_uri, total_bytes

from .lake import Lake


def _check() -> None:
    """Nothing was cancelled."""


@pytest.fixture
def objects(lake: Lake) -> list[S3Object]:
    for name in "abc":
        lake.put(f"s3://data/t/{name}.txt", name.encode() * 100)
    return list(list_objects(lake.s3, "s3://data/t"))


def test_objects_are_placed_in_order_with_their_suffix(
    lake: Lake, objects: list[S3Object], tmp_path: Path
) -> None:
    cache = ObjectCache(tmp_path / "cache", capacity_bytes=1000)
    paths = cache.fetch(lake.s3, objects, into=tmp_path / "query", check=_check)
    assert [path.read_bytes()[:1] for path in paths] == [b"a", b"b", b"c"]
    assert [path.suffix for path in paths] == [".txt"] * 3
    assert cache.size_bytes == total_bytes(objects) == 300


def test_a_full_cache_drops_the_least_recently_used_but_takes_no_file_from_a_query(
    lake: Lake, objects: list[S3Object], tmp_path: Path
) -> None:
    cache = ObjectCache(tmp_path / "cache", capacity_bytes=250)
    (first,) = cache.fetch(lake.s3, objects[:1], into=tmp_path / "q1", check=_check)
    cache.fetch(lake.s3, objects[1:2], into=tmp_path / "q2", check=_check)
    cache.fetch(lake.s3, objects[:1], into=tmp_path / "q3", check=_check)  # used again
    cache.fetch(lake.s3, objects[2:], into=tmp_path / "q4", check=_check)
    kept = {path.name for path in (tmp_path / "cache").iterdir()}
    assert kept == {objects[0].cache_name(objects[0].etag), objects[2].cache_name(objects[2].etag)}
    cache.fetch(lake.s3, objects[1:], into=tmp_path / "q5", check=_check)
    assert objects[0].cache_name(objects[0].etag) not in {
        path.name for path in (tmp_path / "cache").iterdir()
    }
    assert first.read_bytes() == b"a" * 100


def test_a_restarted_cache_knows_its_objects_and_drops_what_was_half_written(
    lake: Lake, objects: list[S3Object], tmp_path: Path
) -> None:
    ObjectCache(tmp_path / "cache", capacity_bytes=1000).fetch(
        lake.s3, objects, into=tmp_path / "query", check=_check
    )
    (tmp_path / "cache" / "x.partial").write_bytes(b"half")
    again = ObjectCache(tmp_path / "cache", capacity_bytes=1000)
    assert again.size_bytes == 300
    assert not (tmp_path / "cache" / "x.partial").exists()


def test_an_object_that_is_gone_or_changed_fails_the_query(
    lake: Lake, objects: list[S3Object], tmp_path: Path
) -> None:
    cache = ObjectCache(tmp_path / "cache", capacity_bytes=1000)
    cache.fetch(lake.s3, objects, into=tmp_path / "q1", check=_check)
    lake.s3.delete_object(Bucket="data", Key="t/a.txt")
    with pytest.raises(QueryError, match=r"HIVE_CANNOT_OPEN_SPLIT: .*s3://data/t/a.txt"):
        cache.fetch(lake.s3, objects[:1], into=tmp_path / "q2", check=_check)
    lake.put("s3://data/t/b.txt", b"changed")
    with pytest.raises(QueryError, match=r"HIVE_CANNOT_OPEN_SPLIT: .*s3://data/t/b.txt"):
        cache.fetch(lake.s3, objects[1:2], into=tmp_path / "q3", check=_check)


def test_a_bucket_that_does_not_exist_is_named(lake: Lake) -> None:
    with pytest.raises(QueryError, match="s3://nowhere/t/"):
        list(list_objects(lake.s3, "s3://nowhere/t/"))


def test_addresses_of_s3_are_read_and_others_refused() -> None:
    assert split_uri("s3a://bucket/a/b") == ("bucket", "a/b")
    assert split_uri("s3://bucket") == ("bucket", "")
    for wrong in ("/a/b", "http://bucket/a", "s3://"):
        with pytest.raises(ValueError, match="expected s3://bucket/prefix/"):
            split_uri(wrong)
