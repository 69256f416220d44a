"""The file index: which version and content of which landed file the table holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from hashlib import sha256

from pydantic import Field

from lake.dataset import DataSet
from lake.pipeline.documents import Commit, Document, FileEntry
from lake.pipeline.places import Places
from lake.pipeline.store import Store


class IndexShard(Document):
    """One 256th of a file index."""

    change: int = 0
    """The last change that is in it."""
    files: dict[str, FileEntry] = Field(default_factory=dict)


class FileIndex:
    """The file index of one data set: small enough shards, read and written many at once."""

    def __init__(self, *, store: Store, places: Places) -> None:
        self._store = store
        self._places = places

    def entries(self, keys: Collection[str]) -> dict[str, FileEntry]:
        """What is known of these files, by key; a file that the table does not hold is missing."""
        shards = sorted({self._places.index_shard(key) for key in keys})
        wanted = set(keys)
        return {
            key: entry
            for shard in self._store.read_many(shards, IndexShard)
            for key, entry in (shard.files if shard else {}).items()
            if key in wanted
        }

    def apply(self, commit: Commit) -> None:
        """Note what a change says of its files; a change that is in a shard already is left out."""
        changes: dict[str, dict[str, FileEntry]] = defaultdict(dict)
        for key, entry in commit.index.items():
            changes[self._places.index_shard(key)][key] = entry

        def apply_to(shard_key: str) -> None:
            while True:
                shard, etag = self._store.read_tagged(shard_key, IndexShard)
                shard = shard or IndexShard()
                if shard.change >= commit.number:
                    return
                files = shard.files | changes[shard_key]
                changed = IndexShard(change=commit.number, files=files)
                if self._store.replace(shard_key, changed, etag=etag):
                    return

        self._store.each(apply_to, sorted(changes))


def definition_of(data_set: DataSet) -> str:
    """A hash of all in the data set file that decides which rows a file gives."""
    decisive = data_set.model_dump_json(
        include={"layout": True, "columns": True, "max_bad_ratio": True, "source": {"compression"}}
    )
    return sha256(decisive.encode()).hexdigest()[:16]
