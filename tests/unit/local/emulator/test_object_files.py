from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra.local.emulator.object_files import repair

BUCKET = "123456789012/bucket"


def digest(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def version(name: str, content: bytes) -> dict[str, Any]:
    return {"version_id": name, "etag": digest(content), "size": len(content)}


class Objects:
    """The files of a bucket; `later` counts up, so that what is written later looks so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._later = 1_000_000_000

    def write(self, path: str, content: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self._later += 1
        os.utime(file, (self._later, self._later))
        return file

    def write_object(self, key: str, content: bytes, **metadata: Any) -> Path:
        """An object as an acknowledged write leaves it."""
        file = self.write(f"{BUCKET}/{key}", content)
        sidecar = {"size": len(content), "etag": digest(content), "key": key, **metadata}
        self.write(f"{BUCKET}/{key}.meta.json", json.dumps(sidecar).encode())
        return file

    def sidecar(self, key: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.root / BUCKET / f"{key}.meta.json").read_text())
        return content


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path)


def test_what_is_whole_is_left_alone(objects: Objects) -> None:
    file = objects.write_object("folder/key", b"content", **version("v1", b"content"))
    assert repair(objects.root) == 0
    assert file.read_bytes() == b"content"


def test_an_overwrite_that_was_killed_is_undone_where_the_old_content_is_kept(
    objects: Objects,
) -> None:
    file = objects.write_object("folder/key", b"old", **version("v1", b"old"))
    objects.write(f".versions/{BUCKET}/v1/folder/key", b"old")
    objects.write(f"{BUCKET}/folder/key", b"new, never acknowledged")
    assert repair(objects.root) == 1
    assert file.read_bytes() == b"old"
    assert objects.sidecar("folder/key")["version_id"] == "v1"
    assert repair(objects.root) == 0


def test_an_overwrite_that_was_killed_is_completed_without_versions(objects: Objects) -> None:
    file = objects.write_object("key", b"old", version_id=None)
    objects.write(f"{BUCKET}/key", b"new")
    assert repair(objects.root) == 1
    assert file.read_bytes() == b"new"
    assert objects.sidecar("key")["etag"] == digest(b"new")
    assert objects.sidecar("key")["size"] == 3
    assert repair(objects.root) == 0


def test_a_first_write_that_was_killed_leaves_nothing(objects: Objects) -> None:
    file = objects.write(f"{BUCKET}/key", b"never acknowledged")
    assert repair(objects.root) == 1
    assert not file.exists()


def test_a_deletion_of_the_newest_version_that_was_killed_is_completed(objects: Objects) -> None:
    history = [version("v1", b"first"), version("v2", b"second")]
    objects.write_object("key", b"second", version_id="v2", versions=history)
    objects.write(f"{BUCKET}/key", b"first")  # the version below comes up
    assert repair(objects.root) == 1
    sidecar = objects.sidecar("key")
    assert (sidecar["version_id"], sidecar["versions"]) == ("v1", history[:1])
    assert repair(objects.root) == 0


def test_files_that_were_being_written_are_removed(objects: Objects) -> None:
    objects.write_object("key", b"content")
    half = objects.write(f"{BUCKET}/other.tmp", b"hal")
    repair(objects.root)
    assert not half.exists()


def test_files_that_were_copied_in_another_order_are_left_alone(objects: Objects) -> None:
    objects.write_object("key", b"content")
    objects.write(f"{BUCKET}/key", b"content")  # newer than its sidecar, yet the same
    assert repair(objects.root) == 0
